import type { Rejected } from '../../kernel/errors.ts';
import type { Settings } from '../config/settings.ts';
import { type Chart, defineActor, type Proposer, stays } from '../define-actor.ts';
import type { GuardianCommand } from './commands.ts';
import { type GuardianFact, guardianFacts, type WarningName, type Watched } from './events.ts';
import { judge, type Signals } from './judge.ts';
import { SIGNALS, type SignalName } from './measured.ts';

export interface Guardian {
  watched: Watched | null;
  /** The last verdict that was recorded. */
  last: { measuredAt: number; score: number | null; troubles: Record<SignalName, number | null> } | null;
  verdicts: number;
  /** How often something was warned of. */
  raised: number;
  /** What is warned of now. */
  warnings: Partial<Record<WarningName, { since: number; stopAfterMs: number | null; reason: string }>>;
  stop: { warning: WarningName; reason: string } | null;
}

export const guardianChart: Chart = {
  initial: 'absent',
  states: {
    absent: { on: { WatchBegun: 'watching' } },
    watching: {
      on: { ...stays('watching', 'AgentJudged', 'WarningRaised', 'WarningCleared'), StopDecided: 'stopping' },
    },
    stopping: { on: stays('stopping', 'WarningRaised', 'WarningCleared') },
  },
};

/** A verdict that goes on as it was is said again after so many intervals, so that it is known to have been measured. */
export const HELD_INTERVALS = 10;
/** So many verdicts are recorded of one agent; beyond them only warnings are, and nothing is known. */
const VERDICTS_MAX = 2_000;
/** A signal that comes and goes is warned of so often; silence, for which an agent may be stopped, always. */
const RAISED_MAX = 200;
/** A signal has so many steps; a change within one is none. */
const STEPS = 4;
const REASON_CHARS_MAX = 1_000;

export function evolveGuardian(guardian: Guardian, fact: GuardianFact): Guardian {
  switch (fact.type) {
    case 'WatchBegun':
      return { ...guardian, watched: fact.data };
    case 'AgentJudged': {
      const { measuredAt, score, signals } = fact.data;
      return {
        ...guardian,
        last: { measuredAt, score, troubles: troublesOf(signals) },
        verdicts: guardian.verdicts + 1,
      };
    }
    case 'WarningRaised': {
      const { warning, reason, since, stopAfterMs } = fact.data;
      return {
        ...guardian,
        raised: guardian.raised + 1,
        warnings: { ...guardian.warnings, [warning]: { since, stopAfterMs, reason } },
      };
    }
    case 'WarningCleared': {
      const { [fact.data.warning]: _gone, ...warnings } = guardian.warnings;
      return { ...guardian, warnings };
    }
    case 'StopDecided':
      return { ...guardian, stop: fact.data };
  }
}

type Actor = Proposer<Guardian, GuardianFact>;

function decide(command: GuardianCommand, actor: Actor): GuardianFact[] | Rejected {
  const { context } = actor;
  switch (command.name) {
    case 'judge_agent':
      // What it does while it is being stopped is nobody's concern any more.
      return actor.value === 'stopping' ? [] : judged(command, actor);
    case 'report_orphan': {
      const { reason, stopAfterMs, ...watched } = command.input;
      if (context.warnings.orphan) return [];
      return actor.facts(...begun(actor, watched), raised('orphan', { reason, stopAfterMs, since: command.at }));
    }
    case 'clear_warning': {
      const { warning, reason } = command.input;
      if (!context.warnings[warning]) return [];
      return actor.facts({ type: 'WarningCleared', v: 1, data: { warning, reason } });
    }
    case 'decide_stop': {
      const { warning, reason } = command.input;
      if (context.stop) return [];
      const known = context.warnings[warning];
      if (!known || known.stopAfterMs === null)
        return actor.refuse(`Nobody is stopped for ${warning} who was not warned of it.`);
      return actor.facts({ type: 'StopDecided', v: 1, data: { warning, reason } });
    }
  }
}

function begun(actor: Actor, watched: Watched): GuardianFact[] {
  return actor.value === 'absent' ? [{ type: 'WatchBegun', v: 1, data: watched }] : [];
}

function raised(
  warning: WarningName,
  { reason, ...times }: { reason: string; since: number; stopAfterMs: number | null },
): GuardianFact {
  return { type: 'WarningRaised', v: 1, data: { warning, reason: reason.slice(0, REASON_CHARS_MAX), ...times } };
}

/** A verdict is recorded when it differs, when nobody had looked before it, and now and then so that its lasting is known. */
function judged(
  { input, config: { settings } }: Extract<GuardianCommand, { name: 'judge_agent' }>,
  actor: Actor,
): GuardianFact[] | Rejected {
  const { measuredAt, heldUntil, watchedSince, measured, ...watched } = input;
  const { last, verdicts } = actor.context;
  const { weights, intervalMs, thresholds } = settings.guardian;
  if (last?.measuredAt === measuredAt) return [];
  const { signals, score } = judge(measured, thresholds, weights);
  const isDue =
    last === null ||
    heldUntil === null ||
    Math.abs(measuredAt - last.measuredAt) >= HELD_INTERVALS * intervalMs ||
    SIGNALS.some((name) => stepOf(signals[name].trouble) !== stepOf(last.troubles[name]));
  const verdict: GuardianFact = {
    type: 'AgentJudged',
    v: 1,
    data: { measuredAt, heldUntil, intervalMs, measured, thresholds, weights, signals, score },
  };
  return actor.facts(
    ...begun(actor, watched),
    ...(isDue && verdicts < VERDICTS_MAX ? [verdict] : []),
    ...SIGNALS.flatMap((name) => warned(name, signals, actor.context, { settings, measuredAt })),
    ...stopped(signals.silence, actor.context, { measuredAt, watchedSince }),
  );
}

/** It was warned of, and was silent all the time since, of which nothing went unwatched. */
function stopped(
  { trouble, why }: Signals['silence'],
  { warnings: { silence } }: Guardian,
  { measuredAt, watchedSince }: { measuredAt: number; watchedSince: number },
): GuardianFact[] {
  if (trouble !== 1 || !silence || silence.stopAfterMs === null) return [];
  if (measuredAt - Math.max(silence.since, watchedSince) < silence.stopAfterMs) return [];
  return [{ type: 'StopDecided', v: 1, data: { warning: 'silence', reason: `It was warned of and went on. ${why}` } }];
}

/** What is measured to be in trouble is warned of; what is measured not to be, no more. What is not measured stays as it was. */
function warned(
  name: SignalName,
  signals: Signals,
  { warnings, raised: before }: Guardian,
  { settings, measuredAt }: { settings: Settings; measuredAt: number },
): GuardianFact[] {
  const { trouble, why } = signals[name];
  const { thresholds, onSilence, stopAfterMs } = settings.guardian;
  const known = warnings[name];
  if (trouble === null) return [];
  if (trouble < thresholds.warnAt)
    return known ? [{ type: 'WarningCleared', v: 1, data: { warning: name, reason: why } }] : [];
  const stop = name === 'silence' && trouble === 1 && onSilence === 'stop' ? stopAfterMs : null;
  if (before >= RAISED_MAX && name !== 'silence') return [];
  return known && known.stopAfterMs === stop
    ? []
    : [raised(name, { reason: why, stopAfterMs: stop, since: measuredAt })];
}

function stepOf(trouble: number | null): number | null {
  return trouble === null ? null : Math.round(trouble * STEPS);
}

function troublesOf(signals: Signals): Record<SignalName, number | null> {
  return Object.fromEntries(SIGNALS.map((name) => [name, signals[name].trouble])) as Record<SignalName, number | null>;
}

export const guardianActor = defineActor<Guardian, GuardianFact, GuardianCommand>({
  kind: 'guardian',
  chart: guardianChart,
  facts: guardianFacts,
  outOfOrder: 'guardian.not_warned',
  initial: () => ({ watched: null, last: null, verdicts: 0, raised: 0, warnings: {}, stop: null }),
  evolve: evolveGuardian,
  scope: ({ watched }) => {
    if (!watched) return {};
    const { agentId, taskId, workflowId, repositoryId, runnerId } = watched;
    return {
      ...{ agentId, runnerId },
      ...(taskId !== null && { taskId }),
      ...(workflowId !== null && { workflowId }),
      ...(repositoryId !== null && { repositoryId }),
    };
  },
  decide,
});
