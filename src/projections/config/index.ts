import { z } from 'zod';
import { TAKES_NOTHING } from '../../machines/agent/index.ts';
import { BUILT_IN_AGENTS, type Config, type ConfigFact, configActor, presetOf } from '../../machines/config/index.ts';
import type { StoredEvent } from '../../store/event-store.ts';
import { defineProjection, type FoldedView, type Rendered, type Row } from '../define-projection.ts';
import { type Evidence, evidenceOf } from '../evidence.ts';

interface ConfigState {
  config: Config;
  /** By dotted path: who set it, and the event. */
  changes: Map<string, { by: string; evidence: Evidence }>;
  overrides: Evidence | null;
}

function fold(state: ConfigState, event: StoredEvent): void {
  const fact = event as StoredEvent & ConfigFact;
  switch (fact.type) {
    case 'ConfigChanged':
      for (const path of Object.keys(fact.data.changes))
        state.changes.set(path, { by: event.meta.actor, evidence: evidenceOf(event) });
      break;
    case 'ConfigOverridden':
      state.overrides = evidenceOf(event);
      break;
    default:
      return;
  }
  state.config = configActor.evolve(state.config, fact, event.at);
  for (const path of state.changes.keys()) if (!(path in state.config.changes)) state.changes.delete(path);
}

function render({ config, changes, overrides }: ConfigState): Rendered {
  const rows: Record<string, Row> = {};
  for (const [path, { by, evidence }] of changes)
    rows[path] = {
      path,
      value: config.changes[path],
      source: 'set',
      by,
      evidence,
      inForce: !(path in config.overrides),
    };
  for (const [path, value] of Object.entries(config.overrides))
    rows[path] = { path, value, source: 'start', by: 'server', evidence: overrides, inForce: true };
  return { rows, summary: { version: config.version, settings: config.settings, agents: agentsOf(config) } };
}

/** Every agent that can be named, and what a person can say to one while it works. */
function agentsOf({ settings }: Config) {
  const names = [...new Set([...Object.keys(BUILT_IN_AGENTS), ...Object.keys(settings.agents)])];
  return names.map((agent) => {
    const { reviews = true, takes = TAKES_NOTHING } = presetOf(agent, settings.agents) ?? {};
    return { agent, reviews, takes };
  });
}

/** The settings in force, and for each that is no default who set it. */
export const configView: FoldedView = {
  name: 'config',
  params: z.strictObject({}),
  overall: defineProjection<ConfigState>({
    name: 'config',
    v: 2,
    init: () => ({ config: configActor.initial(), changes: new Map(), overrides: null }),
    fold,
    render,
  }),
};
