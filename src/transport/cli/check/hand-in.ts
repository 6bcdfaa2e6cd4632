import { type CheckRun, type OpenedChecks, recordOf } from '../../../checks/index.ts';
import { createClient } from '../client.ts';
import { readServerFile } from '../server-file.ts';
import type { World } from '../world.ts';

const PATIENCE_MS = 2_000;

/**
 * Keeps a run, and tells it to the server that lives on the data directory. Where there is none, or it does not take it, the
 * run stays where the next server finds it. Throws nothing for a server's sake: the checks have said what they say.
 */
export async function handIn(world: World, directory: string, checks: OpenedChecks, run: CheckRun): Promise<void> {
  const { runs } = checks.parts;
  await runs.save(run);
  await runs.markUnsent(run);
  if (!readServerFile(directory)) return;
  try {
    const client = createClient(world, { directory, start: false, patienceMs: PATIENCE_MS });
    await client.command('record_check_run', recordOf(run), run.runId);
    await runs.markSent(run.runId);
  } catch {
    // It stays among those that no server knows; the next one takes it.
  }
}
