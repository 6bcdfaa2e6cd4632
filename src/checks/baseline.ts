import { once } from './once.ts';
import type { CheckParts } from './ports.ts';

/** The tests that failed when a check last ran on a commit as it is. */
export function createBaseline({ runs }: CheckParts): (name: string) => Promise<readonly string[] | null> {
  const list = once(() => runs.list());
  return async (name) => {
    for (const run of await list()) {
      const tests = run.clean === true ? run.checks.find((check) => check.name === name && !check.cached)?.tests : null;
      if (tests) return tests.failing;
    }
    return null;
  };
}
