import { describe, expect, it } from 'vitest';
import { transition } from 'xstate';
import { getShortestPaths, getSimplePaths } from 'xstate/graph';
import { ACTORS } from '../actors/catalogue.ts';
import { type ActorKind, type Chart, type ChartNode, statesOf } from './define-actor.ts';

/** Simple paths multiply; so many steps reach every state of every chart many times over. */
const STEPS_MAX = 20_000;

interface Edge {
  from: string;
  type: string;
}

describe.each([...ACTORS.values()])('the chart of $kind', (actor) => {
  const edges = edgesOf(actor.chart);
  const events = Object.keys(actor.facts).map((type) => ({ type }));

  it('has states and transitions to walk', () => {
    expect(statesOf(actor.chart).length).toBeGreaterThan(1);
    expect(edges.length).toBeGreaterThan(1);
  });

  it('reaches every state', () => {
    const reached = getShortestPaths(actor.machine, { events }).map((path) => dotted(path.state.value));
    expect([...new Set(reached)].sort()).toEqual(statesOf(actor.chart).sort());
  });

  it('is remembered as XState answers it, in every state and for every fact', () => {
    const visited: Edge[] = [];
    for (const path of getShortestPaths(actor.machine, { events })) {
      expect(walked(actor, path.steps)).toBe(dotted(path.state.value));
      const from = dotted(path.state.value);
      for (const event of events) {
        const fits = path.state.can(event);
        const [after] = transition(actor.machine, path.state, event);
        expect(actor.next(from, event.type), `${event.type} in ${from}`).toBe(fits ? dotted(after.value) : null);
        if (fits) visited.push({ from, type: event.type });
      }
    }
    expect(visited.map(words).sort()).toEqual(edges.map(words).sort());
  });

  it('is remembered along every simple path', () => {
    let steps = 0;
    const paths = getSimplePaths(actor.machine, { events, limit: STEPS_MAX });
    for (const path of paths) {
      if (steps > STEPS_MAX) break;
      expect(walked(actor, path.steps)).toBe(dotted(path.state.value));
      steps += path.steps.length;
    }
    expect(steps).toBeGreaterThanOrEqual(statesOf(actor.chart).length - 1);
  });

  it('names each fact that has a schema, and no other', () => {
    const named = new Set(edges.map(({ type }) => type));
    expect([...named].sort()).toEqual(Object.keys(actor.facts).sort());
  });

  it('leads to states that it has', () => {
    const states = statesOf(actor.chart);
    for (const { from, type } of edges) expect(states).toContain(actor.next(from, type));
  });

  it('refuses what it does not know', () => {
    for (const state of statesOf(actor.chart)) expect(actor.next(state, 'NeverHappened')).toBeNull();
  });

  it('takes a fact that does not fit for a defect', () => {
    const step = () => actor.step(actor.start(), { type: 'NeverHappened', v: 1, data: {} }, 0);
    expect(step).toThrow(expect.objectContaining({ code: 'defect.broken_belief' }));
  });

  it('has deadlines in its own states', () => {
    for (const deadline of actor.deadlines ?? [])
      for (const state of deadline.states) expect(statesOf(actor.chart)).toContain(state);
  });
});

/** Where `next` leads along a path's facts; the first step of a path is XState's own start. */
function walked(actor: ActorKind, steps: readonly { event: { type: string } }[]): string {
  let value = actor.chart.initial;
  for (const { event } of steps) {
    if (event.type === 'xstate.init') continue;
    const target = actor.next(value, event.type);
    if (target === null) throw new Error(`${event.type} does not fit ${value}`);
    value = target;
  }
  return value;
}

/** Each leaf with each fact that it or a state around it takes. */
function edgesOf(chart: Chart): Edge[] {
  const below = (states: Record<string, ChartNode>, prefix: string, around: string[]): Edge[] =>
    Object.entries(states).flatMap(([name, node]) => {
      const types = [...new Set([...around, ...Object.keys(node.on ?? {})])];
      const from = `${prefix}${name}`;
      return node.states ? below(node.states, `${from}.`, types) : types.map((type) => ({ from, type }));
    });
  return below(chart.states, '', []);
}

function words({ from, type }: Edge): string {
  return `${from} ${type}`;
}

function dotted(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[head, rest] = ['', '']] = Object.entries(value as Record<string, unknown>);
  return `${head}.${dotted(rest)}`;
}
