import type { Client } from '../client.ts';
import { EXIT } from '../failure.ts';
import { type Output, table } from '../output.ts';

interface ConfigAnswer {
  /** By dotted path, what is no default. */
  rows: Record<string, { path: string; source: string; by: string; inForce: boolean }>;
  summary: { version: number; settings: Record<string, unknown> };
}

/** The settings in force, and where each comes from. */
export async function config(client: Client, output: Output): Promise<number> {
  const answer = await client.query<ConfigAnswer>('get_config', {});
  const { version, settings } = answer.summary;
  const sources = new Map(
    Object.values(answer.rows).flatMap(({ path, source, by, inForce }) =>
      inForce ? [[path, `${source} by ${by}`]] : [],
    ),
  );
  const rows = [...flat(settings)].map(([path, value]) => ({ path, value, source: sourceOf(path, sources) }));
  output.record({ type: 'config', version, settings: rows });
  const cells = rows.map(({ path, value, source }) => [path, JSON.stringify(value), source]);
  for (const line of table(['setting', 'value', 'source'], cells, 100)) output.say(line);
  return EXIT.ok;
}

function* flat(value: unknown, path = ''): Generator<[string, unknown]> {
  const isLeaf = typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length === 0;
  if (isLeaf) yield [path, value];
  else for (const [key, inner] of Object.entries(value)) yield* flat(inner, path ? `${path}.${key}` : key);
}

/** A value was set as itself, or as part of what it belongs to. */
function sourceOf(path: string, sources: ReadonlyMap<string, string>): string {
  const covering = [...sources.keys()].filter(
    (set) => path === set || path.startsWith(`${set}.`) || set.startsWith(`${path}.`),
  );
  const nearest = covering.sort((a, b) => b.length - a.length)[0];
  return nearest === undefined ? 'default' : (sources.get(nearest) as string);
}
