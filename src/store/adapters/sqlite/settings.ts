import type { DatabaseSync } from 'node:sqlite';
import { sha256 } from '../../../kernel/canonical.ts';

/**
 * Numbers of the log that are no events. There is one, `epoch`: each opening raises it, and an append looks whether it is
 * still its own, inside its transaction. Each has a hash beside it, so that `verify` sees it damaged too.
 */
export function raiseEpoch(db: DatabaseSync): number {
  db.exec('BEGIN IMMEDIATE');
  try {
    const epoch = (readSetting(db, 'epoch') ?? 0) + 1;
    db.prepare('INSERT OR REPLACE INTO settings (key, value, hash) VALUES (?, ?, ?)').run(
      'epoch',
      epoch,
      settingHash('epoch', epoch),
    );
    db.exec('COMMIT');
    return epoch;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

export function readSetting(db: DatabaseSync, key: string): number | undefined {
  return db.prepare('SELECT value FROM settings WHERE key = ?').get(key)?.value as number | undefined;
}

export function settingHash(key: string, value: number): string {
  return sha256(`${key}=${value}`);
}
