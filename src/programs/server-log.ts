import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import type { Log } from '../kernel/log.ts';

const BYTES_MAX = 10 * 1024 * 1024;
const KEPT = 3;

/** Lines of JSON in `<data>/logs/server.log` (0600), turned over at the start and whenever the file has grown to 10 MB; three are kept. */
export function openServerLog(
  dataDirectory: string,
  redact: (text: string) => string,
): { log: Log; close: () => void } {
  const folder = join(dataDirectory, 'logs');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'server.log');
  turnOver(path);
  const destination = pino.destination({ dest: path, mode: 0o600, sync: true });
  let written = existsSync(path) ? statSync(path).size : 0;
  const logger = pino(
    { level: process.env.HEPH_LOG_LEVEL ?? 'info', base: null, timestamp: pino.stdTimeFunctions.isoTime },
    {
      write(line: string) {
        const safe = redact(line);
        destination.write(safe);
        written += Buffer.byteLength(safe);
        if (written < BYTES_MAX) return;
        turnOver(path);
        destination.reopen(path);
        written = 0;
      },
    },
  );
  return { log: logger as Log, close: () => destination.end() };
}

function turnOver(path: string): void {
  if (!existsSync(path) || statSync(path).size < BYTES_MAX) return;
  for (let n = KEPT - 1; n > 0; n--) if (existsSync(`${path}.${n}`)) renameSync(`${path}.${n}`, `${path}.${n + 1}`);
  renameSync(path, `${path}.1`);
}
