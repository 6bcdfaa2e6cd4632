import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OPERATOR_TOKEN_PREFIX } from '../commands/index.ts';
import type { Random } from '../kernel/random.ts';

/** The operator's token: 256 bits made at the first start, in a file that only its owner reads. */
export function operatorToken(dataDirectory: string, random: Random): string {
  const path = join(dataDirectory, 'operator.token');
  const kept = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
  if (kept.startsWith(OPERATOR_TOKEN_PREFIX) && kept.length > OPERATOR_TOKEN_PREFIX.length) return kept;
  const token = OPERATOR_TOKEN_PREFIX + Buffer.from(random.bytes(32)).toString('base64url');
  // Written beside and renamed: a machine that dies on the way leaves no empty token, which anybody could show.
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  writeFileSync(draft, `${token}\n`, { mode: 0o600, flag: 'wx', flush: true });
  renameSync(draft, path);
  return token;
}
