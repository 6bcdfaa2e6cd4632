import { parentPort, workerData } from 'node:worker_threads';
import { openRaw, RAW_INSERT } from '../raw-log.ts';

/** Raw SQLite in a thread: each message is a row, each row a transaction, each answer an acknowledgement. */
const db = openRaw(workerData as string);
const insert = db.prepare(RAW_INSERT);
parentPort?.on('message', (row: (string | number)[] | 'close') => {
  if (row === 'close') {
    db.close();
    parentPort?.close();
    return;
  }
  db.exec('BEGIN IMMEDIATE');
  insert.run(...row);
  db.exec('COMMIT');
  parentPort?.postMessage(row[0]);
});
