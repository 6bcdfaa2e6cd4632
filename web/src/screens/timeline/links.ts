import type { EventRow } from './pages.ts';

/**
 * Why an event came, by the rule of `explain`: `recorded` is the event that whoever acted named as the cause. `inferred`: nobody named
 * one, and it is the nearest that can have been.
 */
export interface Link {
  kind: 'recorded' | 'inferred';
  /** In a sentence. */
  because: string;
  /** Among the rows; null: it is not loaded, or not shown by the filters. */
  index: number | null;
  /** Decimal; null where it is not among the rows. */
  position: string | null;
}

export interface LinkIndex {
  /** Null for what began something: a person asked, or the server did. */
  causeOf(index: number): Link | null;
  /** What it led to, among the rows. */
  effectsOf(index: number): readonly Link[];
}

/** Over rows in the order of the log. Rows that begin with those of the last call cost what is new of them. */
export function linkIndexer(): (rows: readonly EventRow[]) => LinkIndex {
  let known: { rows: readonly EventRow[]; add: (rows: readonly EventRow[]) => LinkIndex } | null = null;
  return (rows) => {
    const count = known?.rows.length ?? 0;
    const goesOn =
      known !== null && rows.length >= count && rows[0] === known.rows[0] && rows[count - 1] === known.rows[count - 1];
    known = { rows, add: goesOn && known ? known.add : indexing() };
    return known.add(rows);
  };
}

function indexing(): (rows: readonly EventRow[]) => LinkIndex {
  const byId = new Map<string, number>();
  /** By stream: the last that led to another state. */
  const changed = new Map<string, number>();
  const started = new Map<string, number>();
  const causes: (Link | null)[] = [];
  const effects = new Map<number, Link[]>();

  return (rows) => {
    const linkTo = (kind: Link['kind'], because: string, index: number | undefined): Link => ({
      ...{ kind, because, index: index ?? null },
      position: index === undefined ? null : (rows[index]?.position ?? null),
    });
    const causeOf = ({ cause, actor, stream, revision }: EventRow): Link | null => {
      if (cause !== null) return linkTo('recorded', 'Recorded: the event that was acted upon', byId.get(cause));
      const [kind, id = ''] = actor.split(':');
      if (kind === 'agent')
        return linkTo('inferred', 'Inferred: the agent did it by itself, after it had been started', started.get(id));
      if (kind !== 'process' || revision === 0) return null;
      const because = 'Inferred: no cause was named; this is what had happened to it before';
      return linkTo('inferred', because, changed.get(stream));
    };
    for (let index = causes.length; index < rows.length; index++) {
      const row = rows[index] as EventRow;
      const link = causeOf(row);
      causes.push(link);
      byId.set(row.eventId, index);
      if (row.from !== row.to) changed.set(row.stream, index);
      if (row.type === 'AgentStarted') started.set(row.stream.slice('agent-'.length), index);
      if (link === null || link.index === null) continue;
      const followers = effects.get(link.index) ?? [];
      followers.push(linkTo(link.kind, link.because, index));
      effects.set(link.index, followers);
    }
    return { causeOf: (index) => causes[index] ?? null, effectsOf: (index) => effects.get(index) ?? [] };
  };
}
