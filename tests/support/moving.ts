import { createReadStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { logTools } from '../../src/programs/log-tools.ts';
import { openFileBlobs } from '../../src/store/adapters/file-blobs.ts';
import type { LogPlace } from '../../src/transport/cli/index.ts';

/** Makes an embedded workspace of a recorded story, with blobs (one of several lines) and a definition of its own. */
export async function fillWorkspace(directory: string, recording: 'repair' | 'troubles'): Promise<LogPlace> {
  const path = join(import.meta.dirname, `../recordings/0.1.0-${recording}.ndjson`);
  const made = { directory, store: 'sqlite' };
  await logTools.import(made, () => createReadStream(path));
  const blobs = openFileBlobs(directory);
  for (const text of ['', 'a prompt', 'é'.repeat(600_000)]) await blobs.put(text);
  mkdirSync(join(directory, 'phases/own'), { recursive: true, mode: 0o700 });
  writeFileSync(join(directory, 'phases/own/workflow.yaml'), 'title: Ours\n', { mode: 0o600 });
  writeFileSync(join(directory, 'phases/own/prüfe es.md'), 'Look.\n', { mode: 0o600 });
  return made;
}

export async function exportText(from: LogPlace): Promise<string> {
  const lines: string[] = [];
  await logTools.export(from, (line) => void lines.push(line));
  return lines.join('');
}

/** The text as it would come from a file. */
export const inChunks = (text: string) =>
  async function* () {
    for (let n = 0; n < text.length; n += 50_000) yield text.slice(n, n + 50_000);
  };
