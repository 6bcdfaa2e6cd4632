import { SIGNALS } from '../../machines/guardian/index.ts';
import type { Moment, Rendered, Row } from '../define-projection.ts';
import type { Point } from './series.ts';
import { type CoherenceAgent, type CoherenceState, knownUntil } from './state.ts';

/** So many points of each line when all agents are asked for; one agent alone has all that are kept. */
const POINTS_OF_MANY = 60;

export function renderCoherence(
  state: CoherenceState,
  params: Record<string, unknown>,
  { asOf, whole }: Moment,
): Rendered {
  const { agentId, workflowId } = params;
  const asked = [...state.agents.values()].filter(
    (agent) =>
      (agentId === undefined || agent.agentId === agentId) &&
      (workflowId === undefined || agent.workflowId === workflowId),
  );
  const rows = Object.fromEntries(asked.map((agent) => [agent.agentId, rowOf(agent, agentId !== undefined, asOf)]));
  // Settings belong to no workflow.
  const { settings } = ((whole as CoherenceState | undefined) ?? state).config;
  const living = asked.filter((agent) => agent.living);
  const scores = living.flatMap((agent) => scoreNow(agent, asOf) ?? []);
  const { intervalMs, onSilence, onOrphan, stopAfterMs, weights, thresholds } = settings.guardian;
  return {
    rows,
    summary: {
      score: scores.length === 0 ? null : round(scores.reduce((sum, score) => sum + score, 0) / scores.length),
      living: living.length,
      measured: scores.length,
      warnings: living.flatMap(({ warnings }) => warnings.filter(({ followed }) => followed === null)).length,
      series: agentId === undefined ? state.system : [],
      settings: { intervalMs, onSilence, onOrphan, stopAfterMs, weights, thresholds },
    },
  };
}

const round = (value: number) => Math.round(value * 1000) / 1000;

function scoreNow({ verdict, living }: CoherenceAgent, asOf: number): number | null {
  return verdict && (!living || knownUntil(verdict) >= asOf) ? verdict.score : null;
}

function rowOf(agent: CoherenceAgent, alone: boolean, asOf: number): Row {
  const { points, verdict, warnings, ...rest } = agent;
  return {
    ...rest,
    score: scoreNow(agent, asOf),
    why: whyOf(agent, asOf),
    measuredAt: verdict?.measuredAt ?? null,
    knownUntil: verdict ? knownUntil(verdict) : null,
    verdictEvidence: verdict?.evidence ?? null,
    signals: verdict ? SIGNALS.map((name) => ({ name, ...verdict.signals[name], weight: verdict.weights[name] })) : [],
    series: (alone ? points : lastOf(points)).map(([at, score]) => [at, score]),
    warnings: warnings.map((one) => ({ ...one })),
  };
}

function lastOf(points: readonly Point[]): readonly Point[] {
  return points.slice(-POINTS_OF_MANY);
}

/** What the score rests on, or why there is none, in a sentence. */
function whyOf({ verdict, living }: CoherenceAgent, asOf: number): string {
  if (!verdict) return living ? 'It was not looked at yet.' : 'It was never looked at.';
  if (living && knownUntil(verdict) < asOf) return 'Nobody has looked at it lately.';
  const worst = SIGNALS.filter((name) => (verdict.signals[name].trouble ?? 0) > 0).sort(
    (one, other) => (verdict.signals[other].trouble ?? 0) - (verdict.signals[one].trouble ?? 0),
  )[0];
  if (worst) return verdict.signals[worst].why;
  return verdict.score === null ? 'Nothing that counts could be measured.' : 'Nothing odd is seen.';
}
