import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunStore } from '../ports.ts';
import type { CheckRun } from '../results.ts';
import { keepLast, makeFolder, namesIn, placeFile } from './folder.ts';

const OUTPUTS_KEPT = 20;
const RUNS_KEPT = 500;

/** `runs/<id>.json`, `outputs/<id>/<check>.log`, and `unsent/<id>.json` for those that no server has been told of. */
export function fileRunStore(folder: string): RunStore {
  const runs = join(folder, 'runs');
  return {
    async openOutputs(runId) {
      const outputs = join(folder, 'outputs');
      await makeFolder(join(outputs, runId));
      await keepLast(outputs, OUTPUTS_KEPT);
    },
    async save(run) {
      await placeFile(join(runs, `${run.runId}.json`), JSON.stringify(run));
      await keepLast(runs, RUNS_KEPT);
    },
    async list() {
      const names = (await namesIn(runs)).filter((name) => name.endsWith('.json')).reverse();
      const read = await Promise.all(names.map((name) => readRun(join(runs, name))));
      return read.filter((run) => run !== null);
    },
    async markUnsent(run) {
      await placeFile(join(folder, 'unsent', `${run.runId}.json`), JSON.stringify(run));
      await keepLast(join(folder, 'unsent'), RUNS_KEPT);
    },
    async markSent(runId) {
      await rm(join(folder, 'unsent', `${runId}.json`), { force: true });
    },
  };
}

/** Null when another run has just removed it, or when it is damaged. */
export async function readRun(path: string): Promise<CheckRun | null> {
  try {
    const run = JSON.parse(await readFile(path, 'utf8')) as CheckRun;
    return Array.isArray(run.checks) ? run : null;
  } catch {
    return null;
  }
}
