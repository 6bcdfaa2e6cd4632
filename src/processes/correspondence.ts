import { type Correspondence, type Letter, shortened } from '../machines/correspondence.ts';
import { isServersOwn, letterOf, type Task } from '../machines/task/index.ts';
import type { BlobStore } from '../store/blob-store.ts';

/** Keeps the whole texts as a blob; what is answered is short enough for an event and names it. */
export async function keepCorrespondence(letters: readonly Letter[], blobs: BlobStore): Promise<Correspondence> {
  return { rounds: shortened(letters), hash: await blobs.put(JSON.stringify(letters)) };
}

/** All rounds of a task, the one of this verdict included. */
export function wholeStory(
  task: Task,
  verdict: { code: string; feedback: string },
  blobs: BlobStore,
): Promise<Correspondence> {
  return keepCorrespondence([...task.correspondence, letterOf(task, verdict)], blobs);
}

/** What goes with a verdict after which there is no further round; nothing with any other. */
export async function lastWord(
  task: Task,
  verdict: { code: string; feedback: string },
  blobs: BlobStore,
): Promise<{ correspondence?: Correspondence }> {
  const { rounds, spec } = task;
  if (isServersOwn(spec) || rounds + 1 < spec.roundsMax) return {};
  return { correspondence: await wholeStory(task, verdict, blobs) };
}
