import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readRun } from '../checks/adapters/run-store.ts';
import { recordOf } from '../checks/index.ts';
import { type CommandBus, SERVER } from '../commands/index.ts';
import { isFailure } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';

/**
 * Takes in the runs of checks that ended while no server was there to be told. Each is recorded once, however often it is
 * taken in; one that is refused is said so in the log and not tried again.
 */
export async function takeCheckRuns(dataDirectory: string, bus: Pick<CommandBus, 'execute'>, log: Log): Promise<void> {
  const results = join(dataDirectory, 'checked');
  for (const repository of await names(results)) {
    const unsent = join(results, repository, 'unsent');
    for (const name of await names(unsent)) {
      if (!name.endsWith('.json')) continue;
      const path = join(unsent, name);
      const run = await readRun(path);
      const answer = run && (await bus.execute({ name: 'record_check_run', input: recordOf(run), principal: SERVER }));
      if (answer === null || isFailure(answer)) log.warn({ path, answer }, 'a run of checks could not be recorded');
      // What failed for the disk's sake is for the next start.
      if (answer === null || !isFailure(answer) || answer.kind !== 'fault') await rm(path, { force: true });
    }
  }
}

async function names(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
