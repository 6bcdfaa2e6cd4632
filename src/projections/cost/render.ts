import type { Moment, Rendered, Row } from '../define-projection.ts';
import type { Evidence } from '../evidence.ts';
import { ageMs } from '../evidence.ts';
import { bucketsOf } from './series.ts';
import type { CostState, Entry, Run } from './state.ts';

export const GROUPS = ['workflow', 'phase', 'task', 'agent', 'model'] as const;
export type Group = (typeof GROUPS)[number];

export interface CostParams {
  workflowId?: string | undefined;
  by: Group;
  limit: number;
}

/** What was used, by one thing: the dearest first. */
export function renderCost(state: CostState, params: CostParams, { asOf }: Moment): Rendered {
  const { workflowId, by, limit } = params;
  const one = workflowId === undefined ? undefined : state.runs.get(workflowId);
  const runs = workflowId === undefined ? [...state.runs.values()] : one ? [one] : [];
  const groups = new Map<string, Grouped>();
  const total: Grouped = { whose: {}, entries: [] };
  for (const run of runs)
    for (const entry of run.entries.values()) {
      const { key, ...whose } = whoseIs(by, run, entry);
      const group = groups.get(key) ?? { whose, entries: [] };
      groups.set(key, group);
      group.entries.push(entry);
      total.entries.push(entry);
    }
  const ordered = [...groups].map(([key, group]) => ({ key, by, ...group.whose, ...summed(group.entries, asOf) }));
  ordered.sort((a, b) => (b.costUsd ?? -1) - (a.costUsd ?? -1) || (tokensOf(b) ?? -1) - (tokensOf(a) ?? -1));
  const series = workflowId === undefined ? state.series : (one?.series ?? null);
  const { costUsdMax, tokensMax } = state.config.settings.budgets;
  return {
    rows: Object.fromEntries(ordered.slice(0, limit).map((row) => [row.key, row])),
    summary: {
      ...{ by, workflowId: workflowId ?? null, total: summed(total.entries, asOf) },
      ...{ groups: ordered.length, more: ordered.length > limit },
      // Tasks of runs that ended long ago are no longer told apart.
      tasksMerged: runs.reduce((sum, run) => sum + run.merged, 0),
      series: series && bucketsOf(series),
      // Of each workflow; null: no limit.
      budget: { costUsdMax: costUsdMax || null, tokensMax: tokensMax || null },
    },
  };
}

interface Grouped {
  whose: Row;
  entries: Entry[];
}

const UNKNOWN_KEY = 'unknown';

function whoseIs(by: Group, run: Run, entry: Entry): { key: string; label: string } & Row {
  const { workflowId, name, goal } = run;
  switch (by) {
    case 'workflow':
      return { key: workflowId, label: goal || workflowId, workflowId, workflow: name };
    case 'phase':
      return { key: `${name}/${entry.phase ?? UNKNOWN_KEY}`, label: entry.phase ?? UNKNOWN_KEY, workflow: name };
    case 'task': {
      const task = run.tasks.get(entry.taskId ?? '');
      const { taskId, phase } = entry;
      const label = task?.title ?? (run.merged > 0 ? 'its tasks, no longer told apart' : 'no task');
      return { key: taskId ?? `${workflowId}/${UNKNOWN_KEY}`, label, taskId, phase, workflowId };
    }
    case 'agent':
      return { key: entry.agent ?? 'server', label: entry.agent ?? 'the server’s model', agent: entry.agent };
    case 'model':
      return { key: entry.model ?? UNKNOWN_KEY, label: entry.model ?? 'not told', model: entry.model };
  }
}

interface Summed {
  inputTokens: number | null;
  outputTokens: number | null;
  costUsd: number | null;
  wallMs: number | null;
  tasks: number;
  agents: number;
  agentsSilent: number;
  costUnknown: number;
  evidence: Evidence | null;
  ageMs: number | null;
}

/** What nobody reported is null. Who tells tokens and no money has not told what they cost. */
function summed(entries: readonly Entry[], asOf: number): Summed {
  const reported = entries.filter(({ reports }) => reports > 0);
  const priced = reported.filter((one) => one.costUsd > 0 || one.inputTokens + one.outputTokens === 0);
  const sum = (list: readonly Entry[], field: 'inputTokens' | 'outputTokens' | 'costUsd' | 'wallMs') =>
    list.length === 0 ? null : list.reduce((all, one) => all + one[field], 0);
  const count = (field: 'started' | 'told') => entries.reduce((all, one) => all + one[field], 0);
  const evidence = reported.map((one) => one.evidence).reduce((a, b) => ((b?.at ?? 0) >= (a?.at ?? 0) ? b : a), null);
  return {
    ...{ inputTokens: sum(reported, 'inputTokens'), outputTokens: sum(reported, 'outputTokens') },
    ...{ costUsd: sum(priced, 'costUsd'), wallMs: sum(reported, 'wallMs') },
    tasks: new Set(entries.flatMap(({ taskId }) => taskId ?? [])).size,
    agents: count('started'),
    agentsSilent: Math.max(0, count('started') - count('told')),
    costUnknown: reported.length - priced.length,
    evidence,
    ageMs: evidence && ageMs(evidence, asOf),
  };
}

function tokensOf({ inputTokens, outputTokens }: Summed): number | null {
  return inputTokens === null ? null : inputTokens + (outputTokens ?? 0);
}
