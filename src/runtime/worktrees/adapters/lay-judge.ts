import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { definitionText } from '../../checks/adapters/definition-text.ts';
import type { CheckEngine } from '../../checks/check-engine.ts';
import { graphNames } from '../../checks/graph-command.ts';
import { judgeKindOf, manifestWithJudgeOf } from '../../checks/judge-files.ts';
import type { LaidJudge, LayJudgeRequest, Runner } from '../../runner.ts';
import { itemsOf, textOf } from '../git.ts';
import type { Hands } from '../hands.ts';
import { commitId } from '../names.ts';
import { makeDirectory } from './files.ts';
import { commitTree } from './keep-tree.ts';
import { inMirror } from './mirror.ts';

/** One path that differs, as git tells it; the name as latin1, so that it survives the way back. */
export interface Difference {
  path: string;
  mode: string;
  changedMode: string;
  original: string;
  changed: string;
  status: string;
}

/** From a trusted commit to another. */
type Sides = Pick<LayJudgeRequest, 'repositoryId' | 'base' | 'commit'>;

type Touched = LaidJudge['touched'][number];

/**
 * The candidate's tree with the judge's files of the base in their place, made in the object store alone: what the
 * candidate changed or took away is put back, what it added to the runner or its configuration is left out.
 */
export function layJudge(hands: Hands, engine: CheckEngine): Runner['layJudge'] {
  return async (request) => {
    const commands = await commandsOf(hands, engine, request);
    const touched: Touched[] = [];
    const entries: string[] = [];
    for (const difference of await differences(hands, request)) {
      const path = Buffer.from(difference.path, 'latin1').toString('utf8');
      const kind = judgeKindOf(path, commands);
      if (kind === null) continue;
      const change = ({ A: 'added', D: 'removed' } as const)[difference.status] ?? 'changed';
      const blob = kind === 'manifest' ? await manifestOf(hands, request, difference) : difference.original;
      if (blob === null) continue;
      touched.push({ path, kind, change });
      // A further test takes nothing away from those that there are.
      if (request.leave.includes(kind) || (kind === 'test' && change === 'added')) continue;
      entries.push(`${difference.mode} ${blob}\t${difference.path}`);
    }
    return { touched, ...(await laid(hands, request, entries)) };
  };
}

/** The words of every command that judges: of a graph, those of its checks as the trusted commit has them. */
async function commandsOf(hands: Hands, engine: CheckEngine, request: LayJudgeRequest): Promise<string> {
  if (request.command === '' || graphNames(request.command) === null) return request.command;
  const text = await definitionText(hands, request.repositoryId, request.base);
  if (text === null) return request.command;
  const { checks } = await engine.declares(async (name) => (name === 'checks.yaml' ? text : null));
  return checks.flatMap(({ run }) => run ?? []).join(' ');
}

export async function differences(hands: Hands, { repositoryId, base, commit }: Sides): Promise<Difference[]> {
  const flags = ['-r', '-z', '--no-renames', '--no-abbrev', '--no-ext-diff', '--no-textconv'];
  const args = ['diff-tree', ...flags, '--end-of-options', commitId(base), commitId(commit)];
  const items = itemsOf(await inMirror(hands, repositoryId, args));
  const out: Difference[] = [];
  for (let at = 0; at + 1 < items.length; at += 2) {
    const [mode = '', changedMode = '', original = '', changed = '', status = ''] = (items[at] ?? '')
      .slice(1)
      .split(' ');
    out.push({ path: items[at + 1] ?? '', mode, changedMode, original, changed, status });
  }
  return out;
}

/** The blob to lay over a manifest; null when what judges is the same. A manifest that is new judges nothing that was there. */
export async function manifestOf(hands: Hands, request: Sides, difference: Difference): Promise<string | null> {
  if (difference.status === 'A') return null;
  if (difference.status !== 'M') return difference.original;
  const read = async (blob: string) =>
    (await inMirror(hands, request.repositoryId, ['cat-file', 'blob', blob])).stdout.toString('utf8');
  const input = manifestWithJudgeOf(await read(difference.original), await read(difference.changed));
  if (input === null) return null;
  return textOf(await inMirror(hands, request.repositoryId, ['hash-object', '-w', '--stdin'], { input }));
}

/** The commit with those entries of an index in their place. */
export async function laid(
  hands: Hands,
  { repositoryId, commit }: Sides,
  entries: readonly string[],
  message = 'Lay the original judge over the work',
): Promise<Pick<LaidJudge, 'commit' | 'tree'>> {
  if (entries.length === 0) return { commit: null, tree: null };
  const scratchRoot = join(hands.directory, 'scratch');
  await makeDirectory(scratchRoot);
  const scratch = await mkdtemp(join(scratchRoot, 'judge-'));
  const call = { indexFile: join(scratch, 'index') };
  try {
    await inMirror(hands, repositoryId, ['read-tree', '--end-of-options', commit], call);
    const input = Buffer.from(`${entries.join('\0')}\0`, 'latin1');
    await inMirror(hands, repositoryId, ['update-index', '--replace', '-z', '--index-info'], { ...call, input });
    const tree = textOf(await inMirror(hands, repositoryId, ['write-tree'], call));
    return { tree, commit: await commitTree(hands, repositoryId, tree, [commit], message) };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
