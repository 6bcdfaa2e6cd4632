import { plainLine } from '../../../kernel/plain-text.ts';
import {
  age,
  ago,
  coherenceWord,
  count,
  duration,
  known,
  percent,
  signalWord,
  stateWord,
  troubleWord,
} from '../../words/index.ts';
import { table } from '../output.ts';

export interface CoherenceAnswer {
  params: { agentId?: string };
  asOf: number;
  rows: Record<string, CoherenceRow>;
  summary: {
    score: number | null;
    living: number;
    measured: number;
    warnings: number;
    settings: { intervalMs: number };
  };
}

interface CoherenceRow {
  agentId: string;
  agent: string | null;
  taskId: string | null;
  phase: string | null;
  status: string;
  living: boolean;
  score: number | null;
  why: string;
  measuredAt: number | null;
  signals: { name: string; trouble: number | null; why: string; weight: number }[];
  series: [number, number | null][];
  warnings: CoherenceWarning[];
}

interface CoherenceWarning {
  warning: string;
  reason: string;
  since: number;
  stopAfterMs: number | null;
  evidence: { at: number };
  followed: { text: string; evidence: { at: number } } | null;
}

const WHY_MAX = 100;

/** The whole fleet in a table; one agent with its signals, its score over time and its warnings. */
export function coherenceLines({ params, rows, summary, asOf }: CoherenceAnswer): string[] {
  const agents = Object.values(rows);
  const [only] = agents;
  if (params.agentId !== undefined) return only ? agentLines(only, asOf) : ['Nothing was measured of this agent.'];
  return [...fleetLines(agents, asOf), '', ...summaryLines(summary)];
}

function fleetLines(agents: readonly CoherenceRow[], asOf: number): string[] {
  if (agents.length === 0) return ['No agent works, and of none anything was measured.'];
  const cells = agents
    .toSorted((one, other) => Number(other.living) - Number(one.living))
    .map(({ agentId, agent, status, score, measuredAt, why, warnings }) => [
      agentId,
      agent,
      stateWord('agent', status).word,
      scored(score),
      known(measuredAt, (at) => ago(asOf - at)),
      warnings
        .filter(({ followed }) => followed === null)
        .map(({ warning }) => signalWord(warning))
        .join(', ') || '–',
      why,
    ]);
  return table(['agent', 'of', 'status', 'coherence', 'measured', 'warned of', 'why'], cells, WHY_MAX);
}

function summaryLines({ score, living, measured, warnings, settings }: CoherenceAnswer['summary']): string[] {
  if (settings.intervalMs === 0)
    return ['No agent is looked at: guardian.intervalMs is 0. Set it with `heph config set`.'];
  const whole =
    living === 0 ? 'No agent lives.' : `All together: ${scored(score)}, from ${measured} of ${count(living, 'agent')}.`;
  const open = warnings > 0 ? ` ${count(warnings, 'warning')} open.` : '';
  return [`${whole}${open} Each is looked at every ${duration(settings.intervalMs)}.`];
}

function agentLines(
  { agentId, agent, phase, status, score, why, measuredAt, signals, series, warnings }: CoherenceRow,
  asOf: number,
): string[] {
  const head = [agent, phase && `phase ${phase}`, stateWord('agent', status).word].filter(Boolean).join(', ');
  const when = measuredAt === null ? '' : `, measured ${ago(asOf - measuredAt)}`;
  return [
    `${agentId} (${plainLine(head)})`,
    `Coherence: ${scored(score)}${when}. ${plainLine(why, WHY_MAX * 2)}`,
    ...(signals.length > 0
      ? ['', ...table(['signal', 'trouble', 'weight', 'evidence'], signals.map(signalCells), WHY_MAX)]
      : []),
    ...(series.length > 0 ? ['', `Over time: ${overTime(series)}`] : []),
    ...(warnings.length > 0 ? ['', 'Warnings:', ...warnings.flatMap((warning) => warningLines(warning, asOf))] : []),
  ];
}

function signalCells({ name, trouble, weight, why }: CoherenceRow['signals'][number]): unknown[] {
  const { word } = troubleWord(trouble);
  return [signalWord(name), trouble === null ? word : `${percent(trouble)} ${word}`, weight, why];
}

function warningLines({ warning, reason, since, stopAfterMs, followed }: CoherenceWarning, asOf: number): string[] {
  const stop = stopAfterMs === null ? '' : ` It is stopped when that lasts for ${duration(stopAfterMs)}.`;
  const then = followed
    ? `    then, after ${age(Math.max(0, followed.evidence.at - since))}: ${plainLine(followed.text, WHY_MAX * 2)}`
    : `    it still holds.${stop}`;
  return [`  ${ago(asOf - since)}, ${signalWord(warning)}: ${plainLine(reason, WHY_MAX * 2)}`, then];
}

const POINTS_SHOWN = 12;

/** The newest values, a gap as `?`. */
function overTime(series: CoherenceRow['series']): string {
  const changes = series.filter(([, value], n) => n === 0 || value !== series[n - 1]?.[1]).slice(-POINTS_SHOWN);
  return changes.map(([, value]) => known(value, percent).replace('–', '?')).join(' → ');
}

function scored(score: number | null): string {
  return score === null ? coherenceWord(null).word : `${percent(score)} ${coherenceWord(score).word}`;
}

export interface TriedAnswer {
  verdicts: number;
  score: { recorded: number | null; tried: number | null };
  signals: { signal: string; warned: number; wouldWarn: number }[];
  different: { agentId: string | null; signal: string; wouldWarn: boolean; why: string; at: number }[];
}

export function triedLines({ verdicts, score, signals, different }: TriedAnswer): string[] {
  if (verdicts === 0) return ['No verdict is recorded yet.'];
  const cells = signals.map((one) => [signalWord(one.signal), one.warned, one.wouldWarn]);
  return [
    ...table(['signal', 'warned', 'would be warned'], cells),
    '',
    `Of ${count(verdicts, 'verdict')}; the mean score was ${scored(score.recorded)} and would be ${scored(score.tried)}.`,
    ...different.map(
      ({ agentId, signal, wouldWarn, why }) =>
        `${agentId ?? 'unknown'}: ${wouldWarn ? 'would be' : 'would not be'} warned of ${signalWord(signal)}: ${plainLine(why, WHY_MAX)}`,
    ),
  ];
}
