import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createOperator } from '../tests/support/operator.ts';
import { type BenchOptions, type Figure, figureOf } from './measure.ts';
import { inDirectory } from './raw-log.ts';
import { builtProgram } from './support/built.ts';
import { type Contest, makeContestRepository, runContest, UNTOUCHED } from './support/contest.ts';
import { profileOf, sampleProcessorTime } from './support/contest-profile.ts';
import { atMost, within } from './support/goals.ts';
import { startIdle } from './support/idle-process.ts';

const CANDIDATES = 4;
const THINK_MS = 12_000;
const THINK_QUICK_MS = 2_000;
const CHECK_MS = 400;
const ROUNDS = 5;

/**
 * The packed server's best of four, with real worktrees, terminals and checks, and an agent that only uses processor time.
 * Its floor is what no scheduler can undercut: all of the processor time spread over the cores, or one candidate alone.
 * Reads /proc.
 */
export async function run({ quick }: BenchOptions): Promise<Figure[]> {
  const heph = builtProgram();
  const thinkMs = quick ? THINK_QUICK_MS : THINK_MS;
  return inDirectory(async (directory) => {
    const [data, repository] = [join(directory, 'data'), join(directory, 'repository')];
    mkdirSync(repository);
    makeContestRepository(repository, CHECK_MS);
    const server = await startIdle(process.execPath, [heph, 'up', '--no-open', '--data', data]);
    try {
      await createOperator(data).command('set_config', {
        changes: {
          'fleet.cap': CANDIDATES,
          'limits.checksAtOnce': availableParallelism(),
          'agents.busy': { argv: agentArgv(thinkMs) },
        },
      });
      const contest = (seed: number) =>
        runContest({ pid: server.pid, data }, { repository, n: CANDIDATES, agents: ['busy'], seed });
      const rounds: Contest[] = [];
      for (let round = 0; round <= ROUNDS; round++) rounds.push(await contest(round));
      // The first one fills what later ones find.
      rounds.shift();
      const samples = sampleProcessorTime(server.pid);
      const profiled = await contest(ROUNDS + 1);
      process.stderr.write(`${profileOf(profiled, samples.stop())}\n`);
      const about = `best of ${CANDIDATES}, ${thinkMs / 1000} s of processor time each`;
      return [
        figureOf(
          { subject: `${about}, against what it uses over the cores`, unit: 's', goal: atMost(1.15) },
          rounds.map(({ seconds }) => seconds),
          rounds.map((one) => floorOf(one, thinkMs)),
        ),
        figureOf(
          { subject: '… processor time of all, against that of the agents', unit: 's', goal: null },
          rounds.map((one) => one.processorSeconds),
          rounds.map(() => (CANDIDATES * thinkMs) / 1000),
        ),
        figureOf(
          {
            ...{ subject: '… checks of packages that no candidate touched, run again for one of them', unit: 'checks' },
            goal: within(0, 'checks'),
          },
          rounds.map((one) => runAgain(one)),
          rounds.map(() => CANDIDATES * UNTOUCHED),
        ),
      ];
    } finally {
      await server.stop();
    }
  });
}

function agentArgv(thinkMs: number): string[] {
  const agent = join(import.meta.dirname, 'support', 'busy-agent.mjs');
  return ['{heph_node}', agent, String(thinkMs), '{mcp_config}', '{token_file}', '{worktree}'];
}

/** Seconds. */
function floorOf({ processorSeconds }: Contest, thinkMs: number): number {
  return Math.max(processorSeconds / availableParallelism(), (thinkMs + CHECK_MS) / 1000);
}

/** By what is recorded of each candidate's judging. */
function runAgain({ events }: Contest): number {
  const judged = events.filter(({ type }) => type === 'BuildEnded').map(({ data }) => data.check as Judged | null);
  return judged.reduce((sum, check) => sum + UNTOUCHED - Math.min(UNTOUCHED, check?.cache?.cached ?? 0), 0);
}

interface Judged {
  cache?: { cached: number };
}
