import type { DeclaredChecks } from '../runtime/checks/check-engine.ts';
import type { CheckDefinition } from './definition.ts';
import { DEFINITION_FILE } from './definition.ts';

/** What a definition says to whoever starts a run: which checks there are, and which of them are tests. */
export function declaredBy({ source, checks }: CheckDefinition): DeclaredChecks {
  return {
    source,
    own: source === DEFINITION_FILE,
    checks: checks.map(({ name, run, tags }) => ({ name, run, tests: tags.includes('tests') })),
  };
}
