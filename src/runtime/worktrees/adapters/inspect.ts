import { realpath } from 'node:fs/promises';
import { HephError, messageOf } from '../../../kernel/errors.ts';
import { deriveId } from '../../../kernel/ids.ts';
import { shellWords } from '../../../kernel/words.ts';
import type { CheckEngine } from '../../checks/check-engine.ts';
import { GRAPH_COMMAND } from '../../checks/graph-command.ts';
import type { RepositoryInspection, Runner } from '../../runner.ts';
import { type GitAnswer, itemsOf, textOf } from '../git.ts';
import type { Hands } from '../hands.ts';
import { branchRef } from '../names.ts';
import { kindOf } from './files.ts';
import { inUsers, isDirty, userCommit } from './users-repository.ts';

const NPM_PLACEHOLDER = 'no test specified';

export function inspectUsers(hands: Hands, engine: CheckEngine): Runner['inspectRepository'] {
  return async ({ path, branch, fromHead }) => {
    const root = await rootOf(hands, path);
    const baseBranch = branch ?? (await checkedOutBranch(hands, root));
    const ref = branchRef(baseBranch);
    const baseCommit = await userCommit(hands, root, ref);
    if (!baseCommit) throw await noBase(hands, root, baseBranch);
    const dirty = await isDirty(hands, root);
    if (dirty && !fromHead) {
      throw new HephError(
        'repository.dirty',
        `Tracked files in ${root} are changed but not committed. Commit or stash them, or start with --from-head to leave them out.`,
      );
    }
    const seen = await lookForChecks(hands, engine, root, baseCommit);
    return { repositoryId: deriveId('rep', [root]), path: root, baseBranch, baseCommit, dirty, ...seen };
  };
}

async function rootOf(hands: Hands, path: string): Promise<string> {
  const notFound = (why: string) =>
    new HephError('repository.not_found', `${path} is no git repository with a work tree: ${why}`);
  if ((await kindOf(path)) === 'absent') throw notFound('there is nothing at that path.');
  let answer: GitAnswer;
  try {
    answer = await inUsers(hands, await realpath(path), ['rev-parse', '--show-toplevel'], [128]);
  } catch (error) {
    throw notFound(messageOf(error));
  }
  if (answer.code !== 0) throw notFound(answer.stderr.trim());
  return realpath(textOf(answer));
}

async function checkedOutBranch(hands: Hands, root: string): Promise<string> {
  const answer = await inUsers(hands, root, ['symbolic-ref', '--quiet', '--short', 'HEAD'], [1]);
  if (answer.code === 0) return textOf(answer);
  throw new HephError(
    'repository.no_branch',
    `${root} has no branch checked out (detached HEAD); name one with --branch.`,
  );
}

async function noBase(hands: Hands, root: string, branch: string): Promise<HephError> {
  const any = await inUsers(hands, root, ['rev-list', '--all', '--max-count=1']);
  return textOf(any)
    ? new HephError('repository.no_branch', `${root} has no branch ${branch}.`)
    : new HephError('repository.no_commit', `${root} has no commit yet. Commit once, then run again.`);
}

type Seen = Pick<RepositoryInspection, 'detectedCheck' | 'checks' | 'testCommand' | 'badDefinition'>;

/** A `checks.yaml` says how the repository is judged; without one its test script does, and else what the engine detects. */
async function lookForChecks(hands: Hands, engine: CheckEngine, root: string, commit: string): Promise<Seen> {
  const read = createReader(hands, root, commit);
  const declared = await engine.declares(read).catch((error: unknown) => {
    if (error instanceof HephError && error.code === 'check.bad_definition') return error.message;
    throw error;
  });
  if (typeof declared === 'string') return { detectedCheck: GRAPH_COMMAND, badDefinition: declared };
  const { own, checks } = declared;
  const script = scriptsIn(await read('package.json')).test;
  const npmTest = typeof script === 'string' && script.trim() && !script.includes(NPM_PLACEHOLDER) ? 'npm test' : null;
  const tests = checks.filter((check) => check.tests && check.run !== null);
  // What nobody asked for is a judge only when it tests.
  const graph = checks.length > 0 && (own || tests.length > 0) ? GRAPH_COMMAND : null;
  const only = tests.length === 1 ? shellWords(tests[0]?.run ?? []) : null;
  return {
    detectedCheck: own ? graph : (npmTest ?? graph),
    checks: checks.map(({ name }) => name),
    testCommand: only ?? npmTest,
  };
}

/** The text of a file at the root of the commit; null for what is not there, and for what is none. */
function createReader(hands: Hands, root: string, commit: string): (name: string) => Promise<string | null> {
  const listed = inUsers(hands, root, ['ls-tree', '-z', '--name-only', '--end-of-options', commit]).then(
    (answer) => new Set(itemsOf(answer, 'utf8')),
  );
  return async (name) => {
    if (!(await listed).has(name)) return null;
    const answer = await inUsers(hands, root, ['cat-file', 'blob', '--end-of-options', `${commit}:${name}`], [1, 128]);
    return answer.code === 0 ? answer.stdout.toString('utf8') : null;
  };
}

function scriptsIn(manifest: string | null): Record<string, unknown> {
  try {
    return (JSON.parse(manifest ?? 'null') as { scripts?: Record<string, unknown> } | null)?.scripts ?? {};
  } catch {
    return {};
  }
}
