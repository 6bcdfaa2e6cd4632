import type { Chart, ChartNode } from '../../src/machines/define-actor.ts';

interface Arrow {
  from: string;
  to: string;
  type: string;
}

/** A Mermaid `stateDiagram-v2` of a chart. Arrows between the same two states become one with all their facts. */
export function diagram(chart: Chart): string {
  const lines = ['stateDiagram-v2', `  [*] --> ${idOf(chart.initial)}`];
  for (const [name, node] of Object.entries(chart.states)) lines.push(...drawn(name, node));
  return lines.join('\n');
}

function drawn(name: string, node: ChartNode): string[] {
  if (!node.states) return ended(node) ? [`  ${name} --> [*]`] : merged(arrowsOf(name, node)).map(line);
  return [...composite(name, node), ...merged(outward(name, node)).map(line)];
}

/** Facts that lead from any inner state to a certain one leave a small node of their own: Mermaid draws no arrow into its own frame. */
function composite(name: string, node: ChartNode): string[] {
  const any = `${name}_any`;
  const inward = merged(arrowsOf(any, node).filter(({ to }) => to.startsWith('.')));
  const inner = Object.entries(node.states ?? {});
  return [
    `  state ${name} {`,
    `    [*] --> ${idOf(node.initial ?? '')}`,
    ...(inward.length > 0 ? [`    state "any of them" as ${any}`] : []),
    ...inward.map((arrow) => `  ${line(arrow)}`),
    ...inner.flatMap(([leaf, inside]) => merged(arrowsOf(leaf, inside)).map((arrow) => `  ${line(arrow)}`)),
    '  }',
  ];
}

function outward(name: string, node: ChartNode): Arrow[] {
  return arrowsOf(name, node).filter(({ to }) => !to.startsWith('.'));
}

function arrowsOf(from: string, node: ChartNode): Arrow[] {
  return Object.entries(node.on ?? {}).map(([type, to]) => ({ from, to, type }));
}

function merged(arrows: readonly Arrow[]): Arrow[] {
  const byEnds = Map.groupBy(arrows, ({ from, to }) => `${from} ${to}`);
  return [...byEnds.values()].map((same) => ({ ...(same[0] as Arrow), type: same.map(({ type }) => type).join(', ') }));
}

function line({ from, to, type }: Arrow): string {
  return `  ${from} --> ${idOf(to)}: ${type}`;
}

function ended(node: ChartNode): boolean {
  return Object.keys(node.on ?? {}).length === 0 && !node.states;
}

/** Mermaid's names are flat: `live.working` is `working` inside the frame `live`. */
function idOf(target: string): string {
  return target.slice(target.lastIndexOf('.') + 1);
}
