import type { z } from 'zod';
import { rejected, type Rejected } from '../../kernel/errors.ts';
import type { Proposer } from '../define-actor.ts';
import { doubled, halved } from './bisection.ts';
import type { MergeTrainCommand, preparedRevert } from './commands.ts';
import type { MergeTrainFact } from './events.ts';
import { candidatesOf, type CurrentMerge, type MergeTrain } from './state.ts';

/** A branch that moves underneath so often is somebody else’s now. */
const RESTARTS_MAX = 20;

type BatchEnded = Extract<MergeTrainFact, { type: 'BatchEnded' }>;
type Actor = Proposer<MergeTrain, MergeTrainFact>;
type Decision = MergeTrainFact[] | Rejected;
type Input<N extends MergeTrainCommand['name']> = Extract<MergeTrainCommand, { name: N }>['input'];

export function decide(command: MergeTrainCommand, actor: Actor): Decision {
  switch (command.name) {
    case 'queue_candidate':
      return queueUp(command.input, actor);
    case 'revert_task':
    case 'revert_workflow':
      return takeOut(command.input, actor);
    case 'start_batch':
      return startBatch(command.input, command.config.settings.mergeTrain.batchMax, actor);
    case 'record_batch_merged':
      return recordBatchMerged(command.input, actor);
    case 'record_batch_check':
      return recordBatchCheck(command.input, actor);
    case 'settle_batch':
      return settleBatch(command.input, actor);
    default:
      return aboutOne(command, actor);
  }
}

/** Commands about one candidate; what has ended answers nothing more. */
function aboutOne(command: Extract<MergeTrainCommand, { input: { candidateId: string } }>, actor: Actor): Decision {
  const { queue, current, ended } = actor.context;
  const { candidateId } = command.input;
  if (ended.includes(candidateId)) return [];
  const mine = current?.members.some(({ candidate }) => candidate.candidateId === candidateId) ? current : null;
  const alone = mine && mine.limit === null ? mine : null;
  switch (command.name) {
    case 'start_merge':
      if (mine) return [];
      if (queue[0]?.candidateId !== candidateId) return actor.refuse(`It is not the turn of ${candidateId}.`);
      return actor.facts({ type: 'MergeStarted', v: 1, data: { candidateId } });
    case 'record_merged': {
      if (!alone) return notCurrent(actor, candidateId);
      if (alone.members[0]?.merged) return [];
      const { onto, commit, tree } = command.input;
      return actor.facts({ type: 'CandidateMerged', v: 1, data: { candidateId, onto, commit, tree } });
    }
    case 'restart_merge':
      if (!mine || mine.members[0]?.candidate.candidateId !== candidateId) return notCurrent(actor, candidateId);
      return restart(command.input, mine, actor);
    case 'land_candidate': {
      const merged = alone?.members[0]?.merged;
      if (!merged) return notCurrent(actor, candidateId);
      const { trainId: _same, ...how } = command.input;
      return actor.facts({ type: 'CandidateLanded', v: 1, data: { ...how, commit: merged.commit, from: merged.onto } });
    }
    case 'refuse_candidate': {
      if (!alone) return notCurrent(actor, candidateId);
      const { trainId: _same, ...data } = command.input;
      return actor.facts({ type: 'CandidateRefused', v: 1, data });
    }
    case 'hand_over_revert': {
      if (!alone?.members[0]?.candidate.revert) return notCurrent(actor, candidateId);
      const { trainId: _same, ...data } = command.input;
      return actor.facts({ type: 'RevertHandedOver', v: 1, data });
    }
    case 'abandon_batch':
      if (!mine || alone) return notCurrent(actor, candidateId);
      return actor.facts(batchEnded('abandoned', command.input.reason, 1));
    case 'withdraw_candidate': {
      const data = { candidateId, reason: command.input.reason };
      const withdrawn: MergeTrainFact = { type: 'CandidateWithdrawn', v: 1, data };
      if (alone) return actor.facts({ type: 'MergeAbandoned', v: 1, data }, withdrawn);
      if (mine) {
        const reason = `${candidateId} is withdrawn.`;
        return actor.facts(batchEnded('abandoned', reason, actor.context.limit), withdrawn);
      }
      return queue.some((one) => one.candidateId === candidateId) ? actor.facts(withdrawn) : [];
    }
  }
}

function queueUp({ candidate, train }: Input<'queue_candidate'>, actor: Actor): Decision {
  const { ended, spec } = actor.context;
  const known = [...ended, ...candidatesOf(actor.context).map((one) => one.candidateId)];
  if (known.includes(candidate.candidateId)) return [];
  const queued: MergeTrainFact = { type: 'CandidateQueued', v: 1, data: candidate };
  return spec ? actor.facts(queued) : actor.facts({ type: 'TrainOpened', v: 1, data: train }, queued);
}

/** One merge is taken out once, and a second wish while the first is on its way is refused. */
function takeOut({ train, candidate }: z.infer<typeof preparedRevert>, actor: Actor): Decision {
  const { reverted, ended } = actor.context;
  const waiting = candidatesOf(actor.context);
  const merge = candidate.commit.slice(0, 12);
  if ([...ended, ...waiting.map((one) => one.candidateId)].includes(candidate.candidateId)) return [];
  if (reverted.includes(candidate.commit))
    return rejected('revert.done_already', `${merge} was taken out of ${train.branch} before.`);
  if (waiting.some((one) => one.revert && one.commit === candidate.commit))
    return rejected('revert.done_already', `${merge} is being taken out of ${train.branch} already.`);
  return queueUp({ trainId: train.trainId, train, candidate }, actor);
}

/** The first of the line, in its order; a revert goes by itself, for it is measured by another baseline. */
function startBatch({ candidateIds, limit }: Input<'start_batch'>, batchMax: number, actor: Actor): Decision {
  const { queue, current } = actor.context;
  const ids = (candidates: readonly { candidateId: string }[]) => candidates.map((one) => one.candidateId).join();
  const together = current?.limit ? current.members.map(({ candidate }) => candidate) : [];
  if (ids(together) === candidateIds.join()) return [];
  const first = queue.slice(0, candidateIds.length);
  if (ids(first) !== candidateIds.join()) return actor.refuse('These are not the first of the line.');
  if (first.some((one) => one.revert)) return actor.refuse('A revert is merged by itself.');
  const most = Math.min(batchMax, actor.context.limit ?? batchMax);
  if (limit > most || candidateIds.length > limit) return actor.refuse(`At most ${most} are merged together.`);
  return actor.facts({ type: 'BatchStarted', v: 1, data: { candidateIds, limit } });
}

/** All of the batch at once, so that it is merged or it is not. */
function recordBatchMerged({ merged, refused }: Input<'record_batch_merged'>, actor: Actor): Decision {
  const { current } = actor.context;
  const members = current?.members.map(({ candidate }) => candidate.candidateId) ?? [];
  const told = new Set([...merged, ...refused].map(({ candidateId }) => candidateId));
  if (!current || current.limit === null || members.length !== told.size || members.some((id) => !told.has(id)))
    return actor.refuse('This is not the batch that is being merged.');
  if (current.members.some((member) => member.merged)) return [];
  return actor.facts(
    ...refused.map((data): MergeTrainFact => ({ type: 'CandidateRefused', v: 1, data })),
    ...merged.map((data): MergeTrainFact => ({ type: 'CandidateMerged', v: 1, data })),
    ...(merged.length === 0 ? [batchEnded('split', 'None of it merges.', actor.context.limit)] : []),
  );
}

function recordBatchCheck({ trainId: _same, ...data }: Input<'record_batch_check'>, actor: Actor): Decision {
  const { current } = actor.context;
  const { count, commit, pass } = data;
  if (!current || !isMergedAs(current, count, commit)) return actor.refuse('That is not what the batch is merged to.');
  const known = pass ? current.passed >= count : current.failed.includes(count) || current.passed >= count;
  if (known) return [];
  return actor.facts({ type: 'BatchChecked', v: 1, data });
}

/** What passed has landed, each with its own merge; the one behind it is at fault; whoever stands behind that one waits again. */
function settleBatch({ landed, refused }: Input<'settle_batch'>, actor: Actor): Decision {
  const { current, limit } = actor.context;
  const count = landed?.count ?? 0;
  const atFault = current?.members[count];
  const isStale =
    (landed && current && !isMergedAs(current, count, landed.commit)) ||
    (refused && (refused.candidateId !== atFault?.candidate.candidateId || !atFault.merged));
  if (!current || current.limit === null || isStale || (!landed && !refused))
    return actor.refuse('That is not what the batch is merged to.');
  const landings = current.members.slice(0, count).map(({ candidate, merged }): MergeTrainFact => {
    const { base, reason, check } = landed as NonNullable<typeof landed>;
    const { commit, onto: from } = merged as NonNullable<typeof merged>;
    const { candidateId } = candidate;
    return { type: 'CandidateLanded', v: 1, data: { candidateId, commit, from, base, reason, check } };
  });
  if (refused)
    return actor.facts(
      ...landings,
      { type: 'CandidateRefused', v: 1, data: refused },
      batchEnded('split', `${refused.candidateId} is at fault.`, halved(current.limit)),
    );
  if (count < current.members.length) return actor.refuse('A part of the batch has not been judged.');
  const ended = batchEnded('landed', '', doubled(limit));
  const judge = landed?.judge;
  return actor.facts(...landings, judge ? { ...ended, data: { ...ended.data, judge } } : ended);
}

function restart({ candidateId, reason }: Input<'restart_merge'>, current: CurrentMerge, actor: Actor): Decision {
  if (!current.members.every((member) => member.merged)) return [];
  if (current.restarts < RESTARTS_MAX)
    return actor.facts({ type: 'MergeRestarted', v: 1, data: { candidateId, reason } });
  const gone = `The branch moved ${RESTARTS_MAX} times while the merge was checked.`;
  const refused = current.members.map(({ candidate }): MergeTrainFact => {
    const data = { candidateId: candidate.candidateId, code: 'branch_moved', reason: gone, files: [], check: null };
    return { type: 'CandidateRefused', v: 1, data };
  });
  return actor.facts(
    ...refused,
    ...(current.limit === null ? [] : [batchEnded('abandoned', gone, actor.context.limit)]),
  );
}

function isMergedAs(current: CurrentMerge, count: number, commit: string): boolean {
  return current.limit !== null && current.members[count - 1]?.merged?.commit === commit;
}

function batchEnded(outcome: BatchEnded['data']['outcome'], reason: string, limit: number | null): BatchEnded {
  return { type: 'BatchEnded', v: 1, data: { outcome, reason, limit } };
}

function notCurrent(actor: Actor, candidateId: string): Rejected {
  return actor.refuse(`${candidateId} is not being merged.`);
}
