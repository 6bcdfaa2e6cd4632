import { DatabaseSync } from 'node:sqlite';
import { logPathOf } from '../../src/store/adapters/sqlite/schema.ts';

const PAGE = 1000;

/** The least that any fold over the log costs: its rows out of SQLite, their JSON parsed, a switch on the type. Answers how many. */
export function rawFold(directory: string): number {
  const db = new DatabaseSync(logPathOf(directory), { readOnly: true });
  try {
    const page = db.prepare(
      'SELECT position, stream, revision, id, kind, v, at, body FROM events WHERE position > ? ORDER BY position LIMIT ?',
    );
    const kinds = new Map(
      db
        .prepare('SELECT id, type FROM kinds')
        .all()
        .map((row) => [row.id, row.type as string]),
    );
    const counts = { created: 0, ended: 0, other: 0, data: 0 };
    let after = 0;
    for (;;) {
      const rows = page.all(after, PAGE);
      for (const row of rows) {
        const { data } = JSON.parse(row.body as string) as { data: unknown };
        if (data) counts.data += 1;
        switch (kinds.get(row.kind as number)) {
          case 'TaskCreated':
            counts.created += 1;
            break;
          case 'TaskMerged':
          case 'TaskCompleted':
            counts.ended += 1;
            break;
          default:
            counts.other += 1;
        }
      }
      const last = rows.at(-1);
      if (!last) return counts.data;
      after = last.position as number;
    }
  } finally {
    db.close();
  }
}
