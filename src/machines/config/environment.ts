import { z } from 'zod';
import { DEFAULT_SETTINGS, settingsSchema } from './settings.ts';

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  type?: string;
}

/** Every setting that has a name of its own: `fleet.cap`, `limits.agentWallMs`, … */
export function settingPaths(): readonly string[] {
  return (known ??= pathsOf());
}
let known: readonly string[] | undefined;

function pathsOf(): string[] {
  const walk = (schema: JsonSchema, path: string): string[] =>
    schema.properties
      ? Object.entries(schema.properties).flatMap(([name, inner]) => walk(inner, path ? `${path}.${name}` : name))
      : [path];
  return walk(z.toJSONSchema(settingsSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema, '');
}

/** What this release takes where nobody set anything, by path. */
export function defaultValues(): Record<string, unknown> {
  const valueAt = (path: string) =>
    path.split('.').reduce<unknown>((tree, key) => (tree as Record<string, unknown>)[key], DEFAULT_SETTINGS);
  return Object.fromEntries(settingPaths().map((path) => [path, valueAt(path)]));
}

/** `HEPH_LIMITS_AGENT_WALL_MS` for `limits.agentWallMs`. */
export function variableOf(path: string): string {
  return `HEPH_${path
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('.', '_')
    .toUpperCase()}`;
}

/** The settings that the environment gives, by path; values are JSON where they parse as JSON, else text. */
export function settingsFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const path of settingPaths()) {
    const text = environment[variableOf(path)];
    if (text !== undefined && text !== '') given[path] = parsed(text);
  }
  return given;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
