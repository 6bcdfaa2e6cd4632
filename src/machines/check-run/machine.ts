import type { Rejected } from '../../kernel/errors.ts';
import { type Chart, defineActor, type Proposer } from '../define-actor.ts';
import type { CheckRunCommand } from './commands.ts';
import { type CheckRunFact, checkRunFacts } from './events.ts';

export interface CheckRun {
  repositoryId: string | null;
  startedAt: number | null;
  /** The names of its checks by what became of them; empty until it is over. */
  ended: Readonly<Record<string, string>>;
}

export const checkRunChart: Chart = {
  initial: 'none',
  states: {
    none: { on: { CheckRunPlanned: 'planned' } },
    planned: { on: { CheckRunStarted: 'running', CheckRunSkipped: 'skipped', CheckRunCancelled: 'cancelled' } },
    running: { on: { CheckRunPassed: 'passed', CheckRunFailed: 'failed', CheckRunCancelled: 'cancelled' } },
    passed: {},
    failed: {},
    skipped: {},
    cancelled: {},
  },
};

export function evolveCheckRun(run: CheckRun, fact: CheckRunFact): CheckRun {
  switch (fact.type) {
    case 'CheckRunPlanned':
      return { ...run, repositoryId: fact.data.repositoryId };
    case 'CheckRunStarted':
      return { ...run, startedAt: fact.data.startedAt };
    case 'CheckRunPassed':
    case 'CheckRunFailed':
    case 'CheckRunSkipped':
    case 'CheckRunCancelled':
      return { ...run, ended: Object.fromEntries(fact.data.checks.map(({ name, status }) => [name, status])) };
  }
}

const ENDS = {
  passed: 'CheckRunPassed',
  failed: 'CheckRunFailed',
  skipped: 'CheckRunSkipped',
  cancelled: 'CheckRunCancelled',
} as const;

type Actor = Proposer<CheckRun, CheckRunFact>;

/** A run is recorded as a whole when it is over, and once: who sends it again is told the same. */
function decide(command: CheckRunCommand, actor: Actor): CheckRunFact[] | Rejected {
  const {
    runId,
    repositoryId,
    folder,
    source,
    state,
    startedAt,
    durationMs,
    savedMs,
    head,
    clean,
    checks,
    fixes,
    webhook,
  } = command.input;
  if (actor.value !== 'none') return [];
  const names = checks.map(({ name }) => name);
  if (new Set(names).size < names.length) return actor.refuse('A check stands in the run twice.');
  const failed = checks.filter(({ status }) => status === 'failed').map(({ name }) => name);
  if (failed.length > 0 !== (state === 'failed'))
    return actor.refuse(`The run says ${state}, and ${failed.length} of its checks failed.`);
  const planned: CheckRunFact = {
    type: 'CheckRunPlanned',
    v: 1,
    data: { runId, repositoryId, folder, source, checks: names },
  };
  const started: CheckRunFact = { type: 'CheckRunStarted', v: 1, data: { startedAt, head, clean } };
  const ended: CheckRunFact = { type: ENDS[state], v: 1, data: { durationMs, savedMs, checks, fixes, webhook } };
  return state === 'skipped' ? actor.facts(planned, ended) : actor.facts(planned, started, ended);
}

export const checkRunActor = defineActor<CheckRun, CheckRunFact, CheckRunCommand>({
  kind: 'checkRun',
  chart: checkRunChart,
  facts: checkRunFacts,
  outOfOrder: 'check.bad_run',
  initial: () => ({ repositoryId: null, startedAt: null, ended: {} }),
  evolve: evolveCheckRun,
  scope: ({ repositoryId }) => (repositoryId ? { repositoryId } : {}),
  decide,
});
