import type { MessagePort } from 'node:worker_threads';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../../kernel/clock.ts';
import { mutantsOfFile, type PlannedMutant, type SourceFile } from './mutants-of-file.ts';

/** Far above what a source file of half a megabyte takes. */
const MEMORY_MIB_MAX = 1_024;

/** The thread's side: one message per file, in their order. */
export async function serveMutants(port: MessagePort, files: readonly SourceFile[]): Promise<void> {
  for (const file of files) port.postMessage(await mutantsOfFile(file));
}

/**
 * The mutants of each file, or null where they could not be found in the memory and the time there are. Parsing is done in
 * a thread of its own, for what an agent wrote may take all of both, and the server has other things to do.
 */
export async function findMutants(
  program: string,
  files: readonly SourceFile[],
  clock: Clock,
  deadlineMs: number,
): Promise<(PlannedMutant[] | null)[]> {
  const found: (PlannedMutant[] | null)[] = [];
  while (found.length < files.length) {
    found.push(...(await askThread(program, files.slice(found.length), clock, deadlineMs - clock.monotonicMs())));
    // The one at which it ended is left out, and another thread goes on behind it.
    if (found.length < files.length) found.push(null);
  }
  return found;
}

/** Answers what came before the thread ended, by itself or by force. */
function askThread(
  program: string,
  workerData: readonly SourceFile[],
  clock: Clock,
  leftMs: number,
): Promise<PlannedMutant[][]> {
  if (leftMs <= 0) return Promise.resolve([]);
  const found: PlannedMutant[][] = [];
  const resourceLimits = { maxOldGenerationSizeMb: MEMORY_MIB_MAX };
  // Nothing of the server's environment: what is parsed there is an agent's.
  const thread = new Worker(program, { workerData, resourceLimits, env: {} });
  const cancel = clock.after(leftMs, () => void thread.terminate());
  return new Promise((resolve) => {
    thread.on('message', (mutants: PlannedMutant[]) => found.push(mutants));
    thread.on('error', () => {}); // out of memory: `exit` follows
    thread.on('exit', () => {
      cancel();
      resolve(found);
    });
  });
}
