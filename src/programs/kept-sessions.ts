import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeptSessions } from '../transport/rest/index.ts';

/** The page's sessions in a file that only its owner reads: hashes, from which nobody can make a cookie. */
export function keptSessions(dataDirectory: string): KeptSessions {
  const path = join(dataDirectory, 'sessions.json');
  return {
    load() {
      try {
        const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
        const entries = Object.entries(value as Record<string, unknown>);
        return Object.fromEntries(
          entries.filter(
            (entry): entry is [string, number] => /^[0-9a-f]{64}$/.test(entry[0]) && typeof entry[1] === 'number',
          ),
        );
      } catch {
        // Absent or spoiled: people sign in again.
        return {};
      }
    },
    save(sessions) {
      const draft = `${path}.new`;
      rmSync(draft, { force: true });
      writeFileSync(draft, `${JSON.stringify(sessions)}\n`, { mode: 0o600, flag: 'wx' });
      renameSync(draft, path);
    },
  };
}
