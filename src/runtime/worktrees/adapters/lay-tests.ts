import { judgeKindOf } from '../../checks/judge-files.ts';
import type { Runner } from '../../runner.ts';
import type { Hands } from '../hands.ts';
import { type Difference, differences, laid, manifestOf } from './lay-judge.ts';

/** A test that somebody wrote, run over the code of somebody else: made in the object store alone, as the judge of the base is. */
export function layTests(hands: Hands): Runner['layTests'] {
  return async ({ repositoryId, base, testsOf, codeOf, command }) => {
    const kindOf = ({ path }: Difference) => judgeKindOf(nameOf(path), command);
    const written = await differences(hands, { repositoryId, base, commit: testsOf });
    const tests = written.filter((difference) => kindOf(difference) === 'test' && difference.status !== 'D');
    if (tests.length === 0) return { tests: [], commit: null, tree: null };
    const over = { repositoryId, base, commit: codeOf };
    const entries: string[] = [];
    for (const difference of await differences(hands, over)) {
      const kind = kindOf(difference);
      if (kind === null) continue;
      const blob = kind === 'manifest' ? await manifestOf(hands, over, difference) : difference.original;
      if (blob !== null) entries.push(`${difference.mode} ${blob}\t${difference.path}`);
    }
    entries.push(...tests.map(({ changedMode, changed, path }) => `${changedMode} ${changed}\t${path}`));
    const made = await laid(hands, over, entries, 'Lay new tests over the work');
    return { tests: tests.map(({ path }) => nameOf(path)).sort(), ...made };
  };
}

function nameOf(path: string): string {
  return Buffer.from(path, 'latin1').toString('utf8');
}
