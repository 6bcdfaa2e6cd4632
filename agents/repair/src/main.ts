import { realpath } from 'node:fs/promises';
import { readArguments, USAGE } from './arguments.ts';
import { fix, NoPatch } from './fix.ts';
import { connectHephaestus, type Hephaestus, type Outcome } from './hephaestus.ts';
import { investigate } from './investigate.ts';
import { CannotDo } from './cannot-do.ts';
import { clip, type Job } from './job.ts';
import { openSandboxes } from './sandbox.ts';
import { readSuite, UnreadableCheck } from './suite/suite.ts';
import { readVariation } from './variation.ts';

const DEFAULT_CHECK = 'npm test';

/**
 * The repair agent. It takes its task from Hephaestus over MCP, does it in copies of the worktree, and reports the
 * outcome; exit code 0 says that the outcome was taken, 1 that it could not be reported, with the reason on stderr.
 */
async function main(): Promise<void> {
  const args = readArguments(process.argv.slice(2));
  const startedAt = performance.now();
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));
  }
  await using heph = await connectHephaestus(args.mcpConfig, stop.signal);
  const outcome = await work(args, heph, startedAt, stop.signal);
  console.log(clip(outcome.status === 'done' ? `done: ${outcome.summary}` : `failed: ${outcome.reason}`));
  await heph.reportUsage(args.taskId, Math.round(performance.now() - startedAt));
  await heph.reportOutcome(args.taskId, outcome);
}

async function work(
  args: ReturnType<typeof readArguments>,
  heph: Hephaestus,
  startedAt: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const task = await heph.getTask(args.taskId);
  const check = args.check ?? task.check ?? DEFAULT_CHECK;
  const worktree = await realpath(args.worktree);
  await using sandboxes = await openSandboxes(worktree);
  try {
    const job: Job = {
      task,
      worktree,
      suite: readSuite(check, worktree),
      heph,
      sandboxes,
      variation: readVariation(task.inputs, args),
      leftMs: () => Math.max(0, args.budgetMs - (performance.now() - startedAt)),
      async tell(message, fraction) {
        console.log(clip(message));
        await heph.reportProgress(task.taskId, message, fraction);
      },
      testsRun: 0,
      signal,
    };
    if (task.role === 'investigate') return await investigate(job, check);
    if (task.role === 'fix') return await fix(job, check);
    throw new CannotDo(`the repair agent knows the roles investigate and fix, not "${task.role}"`);
  } catch (error) {
    if (!(error instanceof CannotDo || error instanceof UnreadableCheck)) throw error;
    return { status: 'failed', reason: error.message, outputs: error instanceof NoPatch ? error.outputs : {} };
  }
}

try {
  await main();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  console.error(`repair: ${message}`);
  if (/is missing|whole number|is one of|Unknown option/.test(message)) console.error(USAGE);
  process.exitCode = 1;
}
