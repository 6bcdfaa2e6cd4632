import { Fault } from '../../../kernel/errors.ts';
import type { MergeRequest, MergeResult, Runner } from '../../runner.ts';
import { itemsOf, textOf } from '../git.ts';
import type { Hands } from '../hands.ts';
import { branchRef, commitId, folderName } from '../names.ts';
import { commitTree } from './keep-tree.ts';
import { CONFLICTS_MAX, mergeTrees } from './merge-trees.ts';
import { inMirror } from './mirror.ts';
import { takeOut } from './take-out.ts';

type Asked = MergeRequest['candidates'][number];

/** What is in the mirror before anything is merged. */
interface Known {
  onto: string;
  /** Merges made before, by candidate's ref. */
  earlier: ReadonlyMap<string, { commit: string; parents: string; tree: string }>;
  /** Commits that the branch does not hold, of those that lie behind the candidates. */
  beyond: ReadonlySet<string>;
  /** Files of a candidate's commit in which a marker of ours was left standing. */
  unresolved: ReadonlyMap<string, string[]>;
}

const refOf = ({ candidateId }: Asked) => `refs/heph/candidates/${folderName(candidateId)}`;

/**
 * Real three-way merges, one upon the other, in the object store alone: no checkout, so nothing of a candidate can run.
 * What can be asked for all of them is asked once, so that each costs a merge and a commit. The merge commits are kept
 * under the candidates' own refs; asked again while the branch is where it was, the same commits are the answer.
 */
export function mergeCandidates(hands: Hands): Runner['mergeCandidates'] {
  return async (request) => {
    const known = await look(hands, request);
    const results: MergeResult[] = [];
    let tip = known.onto;
    for (const candidate of request.candidates) {
      const result = await mergeOne(hands, request.repositoryId, tip, candidate, known);
      if (result.outcome === 'merged') tip = result.commit;
      results.push(result);
    }
    await keep(hands, request, results);
    return results;
  };
}

async function look(hands: Hands, { repositoryId, branch, candidates }: MergeRequest): Promise<Known> {
  const head = branchRef(branch);
  const format = '--format=%(refname)%00%(objectname)%00%(parent)%00%(tree)';
  const patterns = [head, ...candidates.map(refOf)];
  const refs = new Map<string, { commit: string; parents: string; tree: string }>();
  for (const line of textOf(await inMirror(hands, repositoryId, ['for-each-ref', format, ...patterns])).split('\n')) {
    const [name = '', commit = '', parents = '', tree = ''] = line.split('\0');
    refs.set(name, { commit, parents, tree });
  }
  const onto = refs.get(head)?.commit;
  if (!onto) throw new Fault('git.failed', `There is no branch ${branch} to merge onto.`, { retryable: false });
  const commits = candidates.filter((one) => one.revertOf === undefined).map(({ commit }) => commitId(commit));
  if (commits.length === 0) return { onto, earlier: refs, beyond: new Set(), unresolved: new Map() };
  const listed = await inMirror(hands, repositoryId, ['rev-list', '--end-of-options', ...commits, `^${onto}`]);
  const beyond = new Set(textOf(listed).split('\n'));
  return { onto, earlier: refs, beyond, unresolved: await withMarkers(hands, repositoryId, onto, commits) };
}

/** A marker names a commit, so that no heading of a text is taken for one. */
async function withMarkers(hands: Hands, repositoryId: string, onto: string, commits: readonly string[]) {
  const flags = ['--stdin', '-r', '-z', '--raw', '--no-renames', '--no-ext-diff', '--no-textconv'];
  const input = commits.map((commit) => `${commit} ${onto}\n`).join('');
  const args = ['diff-tree', ...flags, '-G^<<<<<<< [0-9a-f]{40,64}$'];
  const files = new Map<string, string[]>();
  const items = itemsOf(await inMirror(hands, repositoryId, args, { input }), 'utf8').values();
  let commit = '';
  for (const item of items) {
    // A commit's id, and then of each of its files what has changed and the name.
    if (item.startsWith(':')) files.set(commit, [...(files.get(commit) ?? []), items.next().value ?? '']);
    else commit = item;
  }
  return files;
}

async function mergeOne(
  hands: Hands,
  repositoryId: string,
  onto: string,
  candidate: Asked,
  known: Known,
): Promise<MergeResult> {
  const { commit, message, revertOf } = candidate;
  if (revertOf !== undefined) {
    const what = { merge: commitId(commit), brought: commitId(revertOf), message, ref: refOf(candidate) };
    return takeOut(hands, { repositoryId, onto, ...what });
  }
  if (!known.beyond.has(commit)) return { outcome: 'contained', onto, commit: onto };
  const unresolved = known.unresolved.get(commit);
  if (unresolved) return { outcome: 'conflict', onto, files: unresolved.slice(0, CONFLICTS_MAX) };
  const before = known.earlier.get(refOf(candidate));
  if (before?.parents === `${onto} ${commit}`)
    return { outcome: 'merged', onto, commit: before.commit, tree: before.tree };
  const merged = await mergeTrees(hands, repositoryId, onto, commit);
  if (merged.files) return { outcome: 'conflict', onto, files: merged.files };
  const made = await commitTree(hands, repositoryId, merged.tree, [onto, commit], message);
  return { outcome: 'merged', onto, commit: made, tree: merged.tree };
}

/** Under the candidates' refs, in one transaction. */
async function keep(hands: Hands, { repositoryId, candidates }: MergeRequest, results: readonly MergeResult[]) {
  const updates = candidates.flatMap((candidate, n) => {
    const result = results[n];
    const kept = result?.outcome === 'merged' && candidate.revertOf === undefined;
    return kept ? [`update ${refOf(candidate)} ${result.commit}\n`] : [];
  });
  if (updates.length > 0) await inMirror(hands, repositoryId, ['update-ref', '--stdin'], { input: updates.join('') });
}
