import type { DatabaseSync } from 'node:sqlite';

/** A category and an event type that occur together; there are some hundreds at most, so all are kept in memory. */
export interface Kind {
  id: number;
  category: string;
  type: string;
}

/** The kinds of the log, shared by writer and reader. */
export interface Kinds {
  all(): Iterable<Kind>;
  find(category: string, type: string): number | undefined;
  type(id: number): string;
  add(kind: Kind): void;
  /** Forgets what was added and reads what is on disk: after a group that was not committed. */
  reload(): void;
}

export function createKinds(db: DatabaseSync): Kinds {
  const byId = new Map<number, Kind>();
  const ids = new Map<string, number>();
  const select = db.prepare('SELECT id, category, type FROM kinds');

  function add(kind: Kind): void {
    byId.set(kind.id, kind);
    ids.set(`${kind.category} ${kind.type}`, kind.id);
  }
  function reload(): void {
    byId.clear();
    ids.clear();
    for (const row of select.all()) add(row as unknown as Kind);
  }

  reload();
  return {
    all: () => byId.values(),
    find: (category, type) => ids.get(`${category} ${type}`),
    type(id) {
      // A store that was taken over goes on reading what the later owner writes.
      if (!byId.has(id)) reload();
      return byId.get(id)?.type ?? '';
    },
    add,
    reload,
  };
}
