import { z } from 'zod';
import { rejected, type Rejected } from '../../kernel/errors.ts';
import { type Chart, defineActor, type Proposer, stays } from '../define-actor.ts';
import type { MergeTrainCommand, preparedRevert } from './commands.ts';
import {
  type Candidate,
  candidateSchema,
  type MergeTrainFact,
  mergeTrainFacts,
  type TrainSpec,
  trainSchema,
} from './events.ts';

export interface MergeTrain {
  spec: TrainSpec | null;
  queue: Candidate[];
  current: {
    candidate: Candidate;
    merged: { onto: string; commit: string; tree: string } | null;
    restarts: number;
    since: number;
  } | null;
  /** What the last fact was about; its event is filed under that candidate's workflow and task. */
  about: Candidate | null;
  /** Ids of candidates that have come to their end here, newest last, at most ENDED_MAX. */
  ended: string[];
  /** Merges that were taken out again, newest last, at most ENDED_MAX. */
  reverted: string[];
}

/** Stored when the train carries over: a change of `MergeTrain` needs a default here, or an upcaster of `CarriedFrom`. */
const carriedTrain: z.ZodType<MergeTrain> = z.strictObject({
  spec: trainSchema.nullable(),
  queue: z.array(candidateSchema),
  current: z
    .strictObject({
      candidate: candidateSchema,
      merged: z.strictObject({ onto: z.string(), commit: z.string(), tree: z.string() }).nullable(),
      restarts: z.number().int(),
      since: z.number(),
    })
    .nullable(),
  about: candidateSchema.nullable(),
  ended: z.array(z.string()),
  reverted: z.array(z.string()).default([]),
});

/** So many ended candidates are remembered, to answer a candidate that is queued twice. */
const ENDED_MAX = 500;
/** A branch that moves underneath so often is somebody else’s now. */
const RESTARTS_MAX = 20;

export const mergeTrainChart: Chart = {
  initial: 'idle',
  states: {
    idle: { on: { ...stays('idle', 'TrainOpened', 'CandidateQueued', 'CandidateWithdrawn'), MergeStarted: 'merging' } },
    merging: {
      on: {
        ...stays('merging', 'CandidateQueued', 'CandidateMerged', 'MergeRestarted', 'CandidateWithdrawn'),
        CandidateLanded: 'idle',
        CandidateRefused: 'idle',
        MergeAbandoned: 'idle',
      },
    },
  },
};

export function evolveMergeTrain(train: MergeTrain, fact: MergeTrainFact, at: number): MergeTrain {
  return { ...folded(train, fact, at), about: candidateOf(train, fact) };
}

function candidateOf({ current, queue }: MergeTrain, fact: MergeTrainFact): Candidate | null {
  if (fact.type === 'TrainOpened') return null;
  if (fact.type === 'CandidateQueued') return fact.data;
  const known = current ? [current.candidate, ...queue] : queue;
  return known.find((one) => one.candidateId === fact.data.candidateId) ?? null;
}

function folded(train: MergeTrain, fact: MergeTrainFact, at: number): MergeTrain {
  switch (fact.type) {
    case 'TrainOpened':
      return { ...train, spec: fact.data };
    case 'CandidateQueued':
      return { ...train, queue: [...train.queue, fact.data] };
    case 'MergeStarted': {
      const candidate = train.queue.find((one) => one.candidateId === fact.data.candidateId);
      if (!candidate) return train;
      return {
        ...train,
        queue: train.queue.filter((one) => one !== candidate),
        current: { candidate, merged: null, restarts: 0, since: at },
      };
    }
    case 'CandidateMerged': {
      const { onto, commit, tree } = fact.data;
      return { ...train, current: train.current && { ...train.current, merged: { onto, commit, tree } } };
    }
    case 'MergeRestarted':
      return {
        ...train,
        current: train.current && { ...train.current, merged: null, restarts: train.current.restarts + 1 },
      };
    case 'CandidateLanded':
      return { ...ofEnded(train, fact.data.candidateId), reverted: afterLanding(train, fact.data.base) };
    case 'CandidateRefused':
      return ofEnded(train, fact.data.candidateId);
    case 'MergeAbandoned':
      return { ...train, current: null, queue: [...(train.current ? [train.current.candidate] : []), ...train.queue] };
    case 'CandidateWithdrawn': {
      const ended = remembered(train.ended, fact.data.candidateId);
      return { ...train, queue: train.queue.filter((one) => one.candidateId !== fact.data.candidateId), ended };
    }
  }
}

function ofEnded(train: MergeTrain, candidateId: string): MergeTrain {
  return { ...train, current: null, ended: remembered(train.ended, candidateId) };
}

/** A revert that was delivered beside a base branch that could not be moved has taken nothing out. */
function afterLanding({ reverted, current }: MergeTrain, base: 'moved' | 'left' | 'not_asked'): string[] {
  return current?.candidate.revert && base === 'moved' ? remembered(reverted, current.candidate.commit) : reverted;
}

function remembered(ended: string[], candidateId: string): string[] {
  return [...ended.slice(-ENDED_MAX + 1), candidateId];
}

type Actor = Proposer<MergeTrain, MergeTrainFact>;

function decide(command: MergeTrainCommand, actor: Actor): MergeTrainFact[] | Rejected {
  const { queue, current, ended, spec } = actor.context;
  if (command.name === 'queue_candidate') {
    const { candidate, train } = command.input;
    const known =
      queue.some((one) => one.candidateId === candidate.candidateId) || ended.includes(candidate.candidateId);
    if (known || current?.candidate.candidateId === candidate.candidateId) return [];
    const queued: MergeTrainFact = { type: 'CandidateQueued', v: 1, data: candidate };
    return spec ? actor.facts(queued) : actor.facts({ type: 'TrainOpened', v: 1, data: train }, queued);
  }
  if (command.name === 'revert_task' || command.name === 'revert_workflow') return takeOut(command.input, actor);
  const { candidateId } = command.input;
  if (ended.includes(candidateId)) return [];
  const mine = current?.candidate.candidateId === candidateId ? current : null;
  switch (command.name) {
    case 'start_merge':
      if (mine) return [];
      if (queue[0]?.candidateId !== candidateId) return actor.refuse(`It is not the turn of ${candidateId}.`);
      return actor.facts({ type: 'MergeStarted', v: 1, data: { candidateId } });
    case 'record_merged': {
      if (!mine) return notCurrent(actor, candidateId);
      if (mine.merged) return [];
      const { onto, commit, tree } = command.input;
      return actor.facts({ type: 'CandidateMerged', v: 1, data: { candidateId, onto, commit, tree } });
    }
    case 'restart_merge': {
      if (!mine) return notCurrent(actor, candidateId);
      if (!mine.merged) return [];
      if (mine.restarts < RESTARTS_MAX)
        return actor.facts({ type: 'MergeRestarted', v: 1, data: { candidateId, reason: command.input.reason } });
      const reason = `The branch moved ${RESTARTS_MAX} times while the merge was checked.`;
      return actor.facts({
        type: 'CandidateRefused',
        v: 1,
        data: { candidateId, code: 'branch_moved', reason, files: [], check: null },
      });
    }
    case 'land_candidate': {
      if (!mine?.merged) return notCurrent(actor, candidateId);
      const { base, reason, check } = command.input;
      return actor.facts({
        type: 'CandidateLanded',
        v: 1,
        data: { candidateId, commit: mine.merged.commit, from: mine.merged.onto, base, reason, check },
      });
    }
    case 'refuse_candidate': {
      if (!mine) return notCurrent(actor, candidateId);
      const { code, reason, files, check } = command.input;
      return actor.facts({ type: 'CandidateRefused', v: 1, data: { candidateId, code, reason, files, check } });
    }
    case 'withdraw_candidate': {
      const data = { candidateId, reason: command.input.reason };
      const withdrawn: MergeTrainFact = { type: 'CandidateWithdrawn', v: 1, data };
      if (mine) return actor.facts({ type: 'MergeAbandoned', v: 1, data }, withdrawn);
      return queue.some((one) => one.candidateId === candidateId) ? actor.facts(withdrawn) : [];
    }
  }
}

/** One merge is taken out once, and a second wish while the first is on its way is refused. */
function takeOut({ train, candidate }: z.infer<typeof preparedRevert>, actor: Actor): MergeTrainFact[] | Rejected {
  const { queue, current, ended, reverted, spec } = actor.context;
  const where = train.branch;
  const waiting = [...queue, ...(current ? [current.candidate] : [])];
  if ([...ended, ...waiting.map((one) => one.candidateId)].includes(candidate.candidateId)) return [];
  if (reverted.includes(candidate.commit))
    return rejected('revert.done_already', `${candidate.commit.slice(0, 12)} was taken out of ${where} before.`);
  if (waiting.some((one) => one.revert && one.commit === candidate.commit))
    return rejected('revert.done_already', `${candidate.commit.slice(0, 12)} is being taken out of ${where} already.`);
  const queued: MergeTrainFact = { type: 'CandidateQueued', v: 1, data: candidate };
  return spec ? actor.facts(queued) : actor.facts({ type: 'TrainOpened', v: 1, data: train }, queued);
}

function notCurrent(actor: Actor, candidateId: string): Rejected {
  return actor.refuse(`${candidateId} is not being merged.`);
}

export const mergeTrainActor = defineActor<MergeTrain, MergeTrainFact, MergeTrainCommand>({
  kind: 'mergeTrain',
  chart: mergeTrainChart,
  facts: mergeTrainFacts,
  outOfOrder: 'train.out_of_order',
  initial: () => ({ spec: null, queue: [], current: null, about: null, ended: [], reverted: [] }),
  evolve: evolveMergeTrain,
  carried: carriedTrain,
  scope: ({ spec, about }) => ({
    ...(spec && { repositoryId: spec.repositoryId }),
    ...(about && { workflowId: about.workflowId, ...(about.taskId && { taskId: about.taskId }) }),
  }),
  decide,
});
