import type { Client, CommandAnswer } from '../client.ts';
import { EXIT, fail } from '../failure.ts';
import { type Output, table } from '../output.ts';
import { eventOf, justBefore } from '../over-stream.ts';
import type { WireEvent } from '../run/story.ts';

/** So many prunings follow each other at most; each takes some hundred refs. */
const ROUNDS_MAX = 1_000;

export interface PruneOptions {
  olderThan: string;
  dryRun?: boolean;
}

interface Kept {
  ref: string;
  repositoryId: string;
  taskId: string;
  keptAt: number;
  prunable: boolean;
}

/** Removes the refs of kept work of ended runs and says which, or only says which it would remove. */
export async function prune(client: Client, output: Output, { olderThan, dryRun }: PruneOptions): Promise<number> {
  const olderThanMs = ageOf(olderThan);
  const params = { view: 'kept-work', params: { olderThanMs } };
  const view = await client.query<{ rows: Record<string, Kept> }>('get_view', params);
  const kept = Object.values(view.rows);
  const prunable = kept.filter((one) => one.prunable);
  const stays = `${kept.length - prunable.length} of ${kept.length} refs of kept work are of younger runs, or of such as go on.`;
  if (dryRun) {
    for (const one of prunable) output.record({ type: 'prunable', ...one });
    for (const line of listed(prunable)) output.say(line);
    output.say(`${prunable.length} refs would be removed. ${stays}`);
    return EXIT.ok;
  }
  if (prunable.length === 0) {
    output.say(`Nothing is to be removed. ${stays}`);
    output.record({ type: 'pruned', removed: [], gone: [], differing: [] });
    return EXIT.ok;
  }
  return removeAll(client, output, olderThanMs, prunable.length);
}

async function removeAll(client: Client, output: Output, olderThanMs: number, expected: number): Promise<number> {
  let asked = 0;
  for (let round = 0; round < ROUNDS_MAX && asked < expected; round++) {
    const { type, data } = await endOf(client, await client.command('prune_kept_work', { olderThanMs }));
    if (type === 'PruningFailed') {
      output.record({ type: 'prune_failed', reason: data.reason });
      output.say(`It could not be done: ${String(data.reason)}`);
      return EXIT.failed;
    }
    const { removed = [], gone = [], differing = [] } = data as Record<string, string[]>;
    output.record({ type: 'pruned', removed, gone, differing });
    for (const ref of removed) output.say(`Removed ${ref}`);
    for (const ref of differing) output.say(`Left ${ref}: it holds something else than what is recorded.`);
    asked += removed.length + gone.length + differing.length;
    // What is left is asked for again, and would be left again.
    if (removed.length + gone.length === 0) break;
  }
  output.say(`${asked} refs were asked for. The view kept-work tells of the rest.`);
  return EXIT.ok;
}

function endOf(client: Client, { stream, position }: CommandAnswer): Promise<WireEvent> {
  const types = ['PruningCompleted', 'PruningFailed'];
  return eventOf(client, { after: justBefore(position), types, stream }, () => true);
}

function listed(prunable: readonly Kept[]): string[] {
  const rows = prunable.map(({ ref, repositoryId, keptAt }) => [new Date(keptAt).toISOString(), repositoryId, ref]);
  return rows.length === 0 ? [] : table(['kept', 'repository', 'ref'], rows, 120);
}

const UNITS: Record<string, number> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 };

/** `30d`, `12h`, `90m`, `10s`, and `0` for whatever has ended. */
function ageOf(text: string): number {
  const [, count, unit = ''] = /^(\d{1,5})([dhms])?$/.exec(text) ?? [];
  const known = count !== undefined && (unit !== '' || Number(count) === 0);
  if (known) return Number(count) * (UNITS[unit] ?? 0);
  throw fail('cli.usage', `${JSON.stringify(text)} is no age; write it like 30d, 12h or 0.`);
}
