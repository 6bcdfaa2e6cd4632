import type { Client } from '../client.ts';
import { EXIT } from '../failure.ts';
import { type Output, table } from '../output.ts';

interface ConfigAnswer {
  version: number;
  settings: Record<string, unknown>;
  /** By dotted path, where a value was set: `set`, `flag`, `HEPH_…`. What is not named has its default. */
  sources?: Record<string, string>;
}

/** The settings in force, and where each comes from. */
export async function config(client: Client, output: Output): Promise<number> {
  const answer = await client.query<ConfigAnswer>('get_config', {});
  output.record({ type: 'config', ...answer });
  const rows = [...flat(answer.settings)].map(([path, value]) => [
    path,
    JSON.stringify(value),
    sourceOf(path, answer.sources ?? {}),
  ]);
  for (const line of table(['setting', 'value', 'source'], rows, 100)) output.say(line);
  return EXIT.ok;
}

function* flat(value: unknown, path = ''): Generator<[string, unknown]> {
  const isLeaf = typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length === 0;
  if (isLeaf) yield [path, value];
  else for (const [key, inner] of Object.entries(value)) yield* flat(inner, path ? `${path}.${key}` : key);
}

/** A value was set as itself, or as part of what it belongs to. */
function sourceOf(path: string, sources: Readonly<Record<string, string>>): string {
  const covering = Object.keys(sources).filter(
    (set) => path === set || path.startsWith(`${set}.`) || set.startsWith(`${path}.`),
  );
  const nearest = covering.sort((a, b) => b.length - a.length)[0];
  return nearest === undefined ? 'default' : (sources[nearest] as string);
}
