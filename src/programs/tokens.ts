import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { OPERATOR_TOKEN_PREFIX } from '../commands/index.ts';
import type { Random } from '../kernel/random.ts';

/** The operator's token: 256 bits made at the first start, in a file that only its owner reads. */
export function operatorToken(dataDirectory: string, random: Random): string {
  const path = join(dataDirectory, 'operator.token');
  if (existsSync(path)) return readFileSync(path, 'utf8').trim();
  const token = OPERATOR_TOKEN_PREFIX + Buffer.from(random.bytes(32)).toString('base64url');
  const file = openSync(path, 'wx', 0o600);
  writeSync(file, `${token}\n`);
  closeSync(file);
  return token;
}
