import { Fault } from '../kernel/errors.ts';
import {
  type Candidate,
  type CurrentMerge,
  type Member,
  type Merged,
  nextStep,
  type TrainSpec,
} from '../machines/merge-train/index.ts';
import type { CheckSummary, Workflow } from '../machines/workflow/index.ts';
import type { MergeResult } from '../runtime/runner.ts';
import { isUnwanted, runOf } from './candidates.ts';
import { type Hands, settled } from './define-process.ts';
import { handOver } from './handing-over.ts';
import { judgeMerges, type MergeVerdict } from './judging-merges.ts';

/** Those whose turn it is, merged, checked and landed; a candidate by itself is a batch of one that says so in fewer facts. */
export interface Turn {
  spec: TrainSpec;
  current: CurrentMerge;
  /** The run of the first of them; those of one batch are judged alike. */
  workflow: Workflow;
}

export async function mergeAll({ spec, current, workflow }: Turn, hands: Hands): Promise<void> {
  const { trainId, repositoryId } = spec;
  const candidates = current.members.map(({ candidate }) => candidate);
  const results = await hands.runner.mergeCandidates({
    repositoryId,
    branch: spec.kind === 'run' ? spec.branch : await baseInMirror(spec, workflow, hands),
    candidates: candidates.map(({ candidateId, commit, message, revert }) => ({
      ...{ candidateId, commit, message },
      ...(revert && { revertOf: revert.brought }),
    })),
  });
  const [only] = results;
  const [revert] = candidates;
  if (revert?.revert && only?.outcome === 'conflict' && (await handOver(spec, revert, only.files, hands))) return;
  const outcomes = candidates.map((candidate, n) => outcomeOf(results[n] as MergeResult, candidate, spec.branch));
  const merged = outcomes.flatMap((one) => ('onto' in one ? one : []));
  const refused = outcomes.flatMap((one) => ('code' in one ? one : []));
  if (current.limit !== null) {
    await settled(hands.send('record_batch_merged', { trainId, merged, refused }));
    return;
  }
  for (const one of merged) await settled(hands.send('record_merged', { trainId, ...one }));
  for (const one of refused) await settled(hands.send('refuse_candidate', { trainId, ...one }));
}

interface Refusal {
  candidateId: string;
  code: string;
  reason: string;
  files: string[];
  check: CheckSummary | null;
}

/** Merged, or why there is nothing that could be checked. Nothing is ever resolved here: a conflict is somebody's work. */
function outcomeOf(
  result: MergeResult,
  { candidateId, commit, revert }: Candidate,
  branch: string,
): ({ candidateId: string } & Merged) | Refusal {
  const merge = commit.slice(0, 12);
  const refusal = (code: string, reason: string, files: string[] = []) => {
    return { candidateId, code, reason, files, check: null };
  };
  switch (result.outcome) {
    case 'merged':
      return { candidateId, onto: result.onto, commit: result.commit, tree: result.tree };
    case 'contained':
      if (revert) return refusal('nothing_to_revert', `Nothing of ${merge} is left in ${branch}.`);
      return { candidateId, onto: result.onto, commit: result.commit, tree: result.commit };
    case 'absent':
      return refusal(
        'not_in_branch',
        `${branch} does not hold ${merge} as the merge that it was: it was moved back, rewritten, or brought nothing.`,
      );
    case 'conflict': {
      const where = result.files.join(', ');
      const reason = revert
        ? `It cannot be taken out by itself: what was merged after it changes the same places in ${where}. Name an agent that can resolve that (\`--agent\`), or do it by hand.`
        : `It conflicts with what was merged meanwhile in ${where}. You have the branch as it is now; where these files hold conflict markers, resolve them so that both changes hold, else make the change again.`;
      return refusal('merge_conflict', reason, result.files);
    }
  }
}

/** The user's base branch as it is now, under a name of ours in the mirror. */
async function baseInMirror(spec: TrainSpec, workflow: Workflow, { runner }: Hands): Promise<string> {
  const now = await runner.inspectRepository({ path: spec.path, branch: spec.branch, fromHead: true });
  const branch = `heph/base-${workflow.workflowId.slice(4)}-${now.baseCommit.slice(0, 12)}`;
  await runner.openRun({ repositoryId: spec.repositoryId, path: spec.path, commit: now.baseCommit, runBranch: branch });
  return branch;
}

/** One step of the way: all land, more is known of who is at fault, or that one is out and those before it land. */
export async function checkAndLand(turn: Turn, hands: Hands): Promise<void> {
  const { current, workflow } = turn;
  const step = nextStep(current);
  const alone = current.limit === null;
  const first = await judgeMerges(current, step.count, step.again ? 2 : 1, workflow, hands);
  // Nobody is refused for a red that does not come again.
  const decides = !first.verdict.pass && (alone || step.again);
  const second = decides ? await judgeMerges(current, step.count, step.again ? 3 : 2, workflow, hands) : null;
  const judged = second ?? first;
  const { pass } = judged.verdict;
  if (pass && step.count === current.members.length) return land(turn, judged, second !== null, hands);
  if (alone) return refuse(turn, judged, hands);
  if (!pass && step.again) return split(turn, step.count - 1, judged, hands);
  const { commit } = mergedAt(current, step.count);
  const { check, judge } = judged;
  const said = { trainId: turn.spec.trainId, ...step, commit, pass, check, ...(judge && { judge }) };
  await settled(hands.send('record_batch_check', said));
}

async function refuse({ spec, current }: Turn, judged: MergeVerdict, { send }: Hands): Promise<void> {
  const refusal = refusalOf(current.members[0] as Member, judged);
  await settled(send('refuse_candidate', { trainId: spec.trainId, ...refusal }));
}

function refusalOf({ candidate, merged }: Member, { verdict, check, judge }: MergeVerdict): Refusal {
  const reason = `Merged with ${merged?.onto.slice(0, 12)} it does not pass. ${verdict.text}`;
  const { candidateId } = candidate;
  return { candidateId, code: 'red_when_merged', reason, files: [], check, ...(judge && { judge }) };
}

async function land(turn: Turn, { check, judge }: MergeVerdict, flaky: boolean, hands: Hands): Promise<void> {
  const { spec, current } = turn;
  const count = current.members.length;
  const place = await move(turn, count, hands);
  if (!place) return;
  const { base, reason } = place;
  const seen = { base, reason, check, ...(judge && { judge }) };
  const { trainId } = spec;
  if (current.limit === null) {
    const { candidateId } = (current.members[0] as Member).candidate;
    await settled(hands.send('land_candidate', { trainId, candidateId, ...seen, ...(flaky && { flaky }) }));
  } else {
    const landed = { count, commit: mergedAt(current, count).commit, ...seen };
    await settled(hands.send('settle_batch', { trainId, landed, refused: null }));
  }
}

/** The first `count` land; the one behind them is at fault. */
async function split(turn: Turn, count: number, judged: MergeVerdict, hands: Hands): Promise<void> {
  const { spec, current } = turn;
  const place = count === 0 ? null : await move(turn, count, hands);
  if (count > 0 && !place) return;
  const landed = place && {
    ...{ count, commit: mergedAt(current, count).commit },
    ...{ base: place.base, reason: place.reason, check: current.check },
  };
  const refused = refusalOf(current.members[count] as Member, judged);
  await settled(hands.send('settle_batch', { trainId: spec.trainId, landed, refused }));
}

function mergedAt({ members }: CurrentMerge, count: number): Merged {
  const merged = members[count - 1]?.merged;
  if (!merged) throw new Fault('git.failed', `The candidate at ${count} is not merged.`, { retryable: false });
  return merged;
}

interface Place {
  base: 'moved' | 'left' | 'not_asked';
  reason: string | null;
}
type Moved = Place | { base: 'again'; reason: string };

/** Moves the branch to where the first `count` are merged; null where it was recorded why it is not there. */
async function move(turn: Turn, count: number, hands: Hands): Promise<Place | null> {
  const { spec, current } = turn;
  const { trainId } = spec;
  const landing = current.members.slice(0, count);
  const candidateId = (current.members[0] as Member).candidate.candidateId;
  // Cancelled while it was judged: no branch moves for it, and the train withdraws it.
  if (landing.some(({ candidate }) => isUnwanted(candidate, spec.kind, hands.world))) return null;
  const from = mergedAt(current, 1).onto;
  const { commit: to } = mergedAt(current, count);
  const place = spec.kind === 'run' ? await moveRun(spec, from, to, hands) : await moveBase(turn, landing, from, hands);
  if (place.base === 'again') {
    await settled(hands.send('restart_merge', { trainId, candidateId, reason: place.reason }));
    return null;
  }
  if (place.base === 'left' && current.limit !== null) {
    // What cannot be moved is delivered beside the branch, and nobody's delivery is to hold what another run did.
    await settled(
      hands.send('abandon_batch', { trainId, candidateId, reason: place.reason ?? 'The branch was left.' }),
    );
    return null;
  }
  return place;
}

async function moveRun(
  { repositoryId, branch }: TrainSpec,
  from: string,
  to: string,
  { runner }: Hands,
): Promise<Moved> {
  const { moved, at } = await runner.moveBranch({ repositoryId, branch, from, to });
  if (moved) return { base: 'moved', reason: null };
  if (at === null) throw new Fault('git.failed', `The branch ${branch} is gone from the mirror.`, { retryable: false });
  return { base: 'again', reason: `The branch is at ${at.slice(0, 12)} now.` };
}

/** The base branch, and each run's own branch at its own merge; of a batch the base first, since what is left is delivered one by one. */
async function moveBase(
  { spec, current, workflow }: Turn,
  landing: readonly Member[],
  from: string,
  { runner, world }: Hands,
): Promise<Moved> {
  const { repositoryId, path, branch } = spec;
  const { commit } = mergedAt(current, landing.length);
  const runBranch = current.limit === null ? workflow.runBranch : null;
  const delivered = await runner.deliver({ repositoryId, path, runBranch, commit, base: { branch, from } });
  if (delivered.base === 'left') {
    const now = await runner.inspectRepository({ path, branch, fromHead: true });
    if (now.baseCommit !== from)
      return { base: 'again', reason: `${branch} is at ${now.baseCommit.slice(0, 12)} now.` };
  } else if (current.limit !== null) {
    for (const { candidate, merged } of landing) {
      const own = runOf(spec, candidate, world);
      if (own && merged) await runner.deliver({ repositoryId, path, runBranch: own.runBranch, commit: merged.commit });
    }
  }
  return { base: delivered.base, reason: delivered.reason };
}
