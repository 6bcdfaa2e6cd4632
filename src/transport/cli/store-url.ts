import { fail } from './failure.ts';
import type { World } from './world.ts';

/** Everybody on the machine can read a command line: a URL with a password comes by the environment only. */
export function storeOf(flag: string | undefined, env: World['env']): string {
  if (flag && /\/\/[^/]*@/.test(flag))
    throw fail('store.bad_url', 'A password does not belong on the command line: put the URL into HEPH_STORE.');
  return flag ?? (env.HEPH_STORE || 'sqlite');
}
