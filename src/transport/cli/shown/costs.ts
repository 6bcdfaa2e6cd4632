import { plainLine } from '../../../kernel/plain-text.ts';
import { count, dollars, duration, known, tokens } from '../../words/index.ts';
import { table } from '../output.ts';

interface Amounts {
  inputTokens: number | null;
  outputTokens: number | null;
  costUsd: number | null;
  wallMs: number | null;
  agents: number;
  agentsSilent: number;
  costUnknown: number;
}

export interface CostsAnswer {
  rows: Record<string, Amounts & { key: string; label: string; tasks: number }>;
  summary: { by: string; total: Amounts; more: boolean; tasksMerged: number };
}

/** A row for each, the dearest first; what nobody told is a dash, and said below. */
export function costLines({ rows, summary }: CostsAnswer): string[] {
  const { by, total, more, tasksMerged } = summary;
  const list = Object.values(rows);
  if (list.length === 0) return ['No agent has worked yet.'];
  const amounts = ({ inputTokens, outputTokens, costUsd, wallMs }: Amounts) => [
    ...[known(inputTokens, tokens), known(outputTokens, tokens), known(costUsd, dollars)],
    known(wallMs, duration),
  ];
  const cells = list.map((row) => [
    ...(by === 'workflow' || by === 'task' ? [row.key] : []),
    plainLine(row.label, 50),
    ...amounts(row),
  ]);
  const names = by === 'workflow' ? ['workflow', 'goal'] : by === 'task' ? ['task', 'title'] : [by];
  const all = [...names.map((_name, n) => (n === 0 ? 'all' : '')), ...amounts(total)];
  return [
    ...table([...names, 'input', 'output', 'cost', 'time'], [...cells, all]),
    ...(more ? ['There are more: ask for them with --limit.'] : []),
    ...(total.agentsSilent > 0
      ? [`${total.agentsSilent} of ${count(total.agents, 'agent')} told nothing of what they used; it is in no sum.`]
      : []),
    ...(total.costUnknown > 0 ? ['Some told tokens and no money; what they cost is in no sum.'] : []),
    ...(tasksMerged > 0 && by === 'task' ? ['Tasks of runs that ended long ago are no longer told apart.'] : []),
  ];
}
