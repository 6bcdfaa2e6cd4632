import { canonicalJson, hashOf } from '../../kernel/canonical.ts';
import { rejected, type Rejected } from '../../kernel/errors.ts';
import { type Chart, defineActor, stays } from '../define-actor.ts';
import type { ConfigCommand } from './commands.ts';
import { type ConfigFact, configFacts } from './events.ts';
import { settingPaths } from './environment.ts';
import { DEFAULT_SETTINGS, type Settings, settingsSchema } from './settings.ts';

export interface Config {
  /** What an operator set, by dotted path. */
  changes: Record<string, unknown>;
  /** What flags and the environment gave, by dotted path. */
  overrides: Record<string, unknown>;
  /** What holds beneath both, by dotted path; empty in logs that do not say it. */
  defaults: Record<string, unknown>;
  version: number;
  settings: Settings;
}

const chart: Chart = {
  initial: 'absent',
  states: {
    absent: { on: { ConfigChanged: 'in_force', ConfigOverridden: 'in_force' } },
    in_force: { on: stays('in_force', 'ConfigChanged', 'ConfigOverridden') },
  },
};

export const configActor = defineActor<Config, ConfigFact, ConfigCommand>({
  kind: 'config',
  chart,
  facts: configFacts,
  outOfOrder: 'config.not_in_force',
  initial: () => ({ changes: {}, overrides: {}, defaults: {}, version: 0, settings: DEFAULT_SETTINGS }),
  evolve(config, fact) {
    const changes = fact.type === 'ConfigChanged' ? merged(config.changes, fact.data.changes) : config.changes;
    const { overrides, defaults = {} } = fact.type === 'ConfigOverridden' ? fact.data : config;
    // A value that an older release accepted may be refused by this one: the settings before it still hold.
    const settings = settingsFrom(changes, overrides, defaults);
    return {
      changes,
      overrides,
      defaults,
      version: fact.data.version,
      settings: 'failure' in settings ? config.settings : settings,
    };
  },
  decide(command, actor) {
    const { changes, version } = actor.context;
    switch (command.name) {
      case 'set_config': {
        const after = merged(changes, command.input.changes);
        if (canonicalJson(after) === canonicalJson(changes)) return [];
        const { overrides, defaults } = actor.context;
        const settings = settingsFrom(after, overrides, defaults);
        if ('failure' in settings) return settings;
        const hash = hashOf({ defaults, changes: after, overrides });
        return actor.facts({
          type: 'ConfigChanged',
          v: 1,
          data: { changes: command.input.changes, version: version + 1, hash },
        });
      }
      case 'override_config': {
        const given = { overrides: command.input.overrides, defaults: command.input.defaults ?? {} };
        const { overrides, defaults } = actor.context;
        if (canonicalJson(given) === canonicalJson({ overrides, defaults })) return [];
        const settings = settingsFrom(changes, given.overrides, given.defaults);
        if ('failure' in settings) return settings;
        const hash = hashOf({ changes, ...given });
        return actor.facts({ type: 'ConfigOverridden', v: 1, data: { ...command.input, version: version + 1, hash } });
      }
    }
  },
});

/**
 * The settings that these values give, or a refusal that names the first bad one. A default of a setting that this
 * release does not have any more says nothing.
 */
export function settingsFrom(
  changes: Record<string, unknown>,
  overrides: Record<string, unknown>,
  defaults: Record<string, unknown> = {},
): Settings | Rejected {
  const tree: Record<string, unknown> = {};
  for (const path of settingPaths()) if (Object.hasOwn(defaults, path)) plant(tree, path.split('.'), defaults[path]);
  for (const [path, value] of [...byPath(changes), ...byPath(overrides)]) {
    const keys = path.split('.');
    if (keys.some((key) => RESERVED.includes(key))) return refused(path, 'no setting has such a name');
    plant(tree, keys, value);
  }
  const parsed = settingsSchema.safeParse(tree);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = [...(issue?.path ?? []), ...(issue?.code === 'unrecognized_keys' ? issue.keys : [])].join('.');
  return refused(where || '(root)', issue?.message ?? 'it does not parse');
}

function refused(path: string, why: string): Rejected {
  return rejected('config.refused', `The setting ${path} is not acceptable: ${why}.`);
}

/** A path replaces what was set below it, and null takes both back. */
function merged(before: Record<string, unknown>, changes: Record<string, unknown>): Record<string, unknown> {
  const after = { ...before };
  for (const [path, value] of byPath(changes)) {
    for (const known of Object.keys(after)) if (known.startsWith(`${path}.`)) delete after[known];
    if (value === null) delete after[path];
    else after[path] = value;
  }
  return after;
}

/** Groups before what is in them, so that the order in which a record names its paths does not matter. */
function byPath(values: Record<string, unknown>): [string, unknown][] {
  return Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1));
}

/** Keys that mean something to every object. */
const RESERVED: readonly string[] = ['__proto__', 'constructor', 'prototype'];

/** Sets a value deep in a tree of plain objects. */
function plant(tree: Record<string, unknown>, path: string[], value: unknown): void {
  const [head, ...rest] = path as [string, ...string[]];
  if (rest.length === 0) {
    tree[head] = value;
    return;
  }
  const inner = tree[head];
  const child = typeof inner === 'object' && inner !== null ? { ...(inner as Record<string, unknown>) } : {};
  tree[head] = child;
  plant(child, rest, value);
}
