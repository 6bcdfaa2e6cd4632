import { type Chart, defineActor, stays } from '../define-actor.ts';
import { doubled, withVerdict } from './bisection.ts';
import type { MergeTrainCommand } from './commands.ts';
import { decide } from './decide.ts';
import { type Candidate, type MergeTrainFact, mergeTrainFacts } from './events.ts';
import { candidatesOf, carriedTrain, type CurrentMerge, type Member, type MergeTrain, noTrain } from './state.ts';

/** So many ended candidates are remembered, to answer a candidate that is queued twice. */
const ENDED_MAX = 500;
const UNCHECKED = { passed: 0, check: null, failed: [] };

export const mergeTrainChart: Chart = {
  initial: 'idle',
  states: {
    idle: {
      on: {
        ...stays('idle', 'TrainOpened', 'CandidateQueued', 'CandidateWithdrawn'),
        MergeStarted: 'merging',
        BatchStarted: 'batching',
      },
    },
    merging: {
      on: {
        ...stays('merging', 'CandidateQueued', 'CandidateMerged', 'MergeRestarted', 'CandidateWithdrawn'),
        CandidateLanded: 'idle',
        CandidateRefused: 'idle',
        RevertHandedOver: 'idle',
        MergeAbandoned: 'idle',
      },
    },
    batching: {
      on: {
        ...stays('batching', 'CandidateQueued', 'CandidateMerged', 'MergeRestarted', 'CandidateWithdrawn'),
        ...stays('batching', 'BatchChecked', 'CandidateLanded', 'CandidateRefused'),
        BatchEnded: 'idle',
      },
    },
  },
};

export function evolveMergeTrain(train: MergeTrain, fact: MergeTrainFact, at: number): MergeTrain {
  return { ...folded(train, fact, at), about: aboutOf(train, fact) };
}

/** Whom a fact is about. A batch is of its run and of none of its tasks; in a base branch it may be of several runs. */
function aboutOf(train: MergeTrain, fact: MergeTrainFact): Candidate | null {
  switch (fact.type) {
    case 'TrainOpened':
      return null;
    case 'CandidateQueued':
      return fact.data;
    case 'BatchStarted':
    case 'BatchChecked':
    case 'BatchEnded': {
      const any = candidatesOf(train)[0] ?? train.about;
      return train.spec?.kind === 'run' && any ? { ...any, taskId: null } : null;
    }
    default:
      return candidatesOf(train).find((one) => one.candidateId === fact.data.candidateId) ?? null;
  }
}

function folded(train: MergeTrain, fact: MergeTrainFact, at: number): MergeTrain {
  switch (fact.type) {
    case 'TrainOpened':
      return { ...train, spec: fact.data };
    case 'CandidateQueued':
      return { ...train, queue: [...train.queue, fact.data] };
    case 'MergeStarted':
      return started(train, [fact.data.candidateId], null, at);
    case 'BatchStarted':
      return started(train, fact.data.candidateIds, fact.data.limit, at);
    case 'CandidateMerged': {
      const { candidateId, ...merged } = fact.data;
      return ofMembers(train, (members) =>
        members.map((member) => (member.candidate.candidateId === candidateId ? { ...member, merged } : member)),
      );
    }
    case 'BatchChecked':
      return { ...train, current: train.current && withVerdict(train.current, fact.data) };
    case 'MergeRestarted': {
      const again = ofMembers(train, (members) => members.map((member) => ({ ...member, merged: null })));
      const { current } = again;
      return { ...again, current: current && { ...current, restarts: current.restarts + 1, ...UNCHECKED } };
    }
    case 'CandidateLanded': {
      const ended = ofEnded(train, fact.data.candidateId);
      const limit = train.current?.limit === null ? doubled(train.limit) : train.limit;
      return { ...ended, limit, reverted: afterLanding(train, fact.data.base) };
    }
    case 'CandidateRefused':
      return ofEnded(train, fact.data.candidateId);
    case 'RevertHandedOver': {
      const { candidateId, workflowId, taskId } = fact.data;
      const commit = train.current?.members[0]?.candidate.commit ?? '';
      const handedOver = [...train.handedOver.slice(-ENDED_MAX + 1), { commit, workflowId, taskId }];
      return { ...ofEnded(train, candidateId), handedOver };
    }
    case 'MergeAbandoned':
      return backInLine(train);
    case 'BatchEnded':
      return { ...backInLine(train), limit: fact.data.limit };
    case 'CandidateWithdrawn': {
      const ended = remembered(train.ended, fact.data.candidateId);
      return { ...train, queue: train.queue.filter((one) => one.candidateId !== fact.data.candidateId), ended };
    }
  }
}

function started(train: MergeTrain, candidateIds: readonly string[], limit: number | null, at: number): MergeTrain {
  const isIn = ({ candidateId }: Candidate) => candidateIds.includes(candidateId);
  const members = train.queue.filter(isIn).map((candidate): Member => ({ candidate, merged: null }));
  if (members.length === 0) return train;
  const current: CurrentMerge = { members, limit, restarts: 0, since: at, ...UNCHECKED };
  return { ...train, queue: train.queue.filter((one) => !isIn(one)), current };
}

function ofMembers(train: MergeTrain, change: (members: Member[]) => Member[]): MergeTrain {
  const { current } = train;
  return { ...train, current: current && { ...current, members: change(current.members) } };
}

/** A candidate by itself ends its merge; one of a batch leaves it, and the batch's own end comes after. */
function ofEnded(train: MergeTrain, candidateId: string): MergeTrain {
  const without = ofMembers(train, (members) =>
    members.filter(({ candidate }) => candidate.candidateId !== candidateId),
  );
  const alone = train.current?.limit === null;
  return { ...(alone ? { ...train, current: null } : without), ended: remembered(train.ended, candidateId) };
}

function backInLine(train: MergeTrain): MergeTrain {
  return { ...train, current: null, queue: candidatesOf(train) };
}

/** A revert that was delivered beside a base branch that could not be moved has taken nothing out. */
function afterLanding({ reverted, current }: MergeTrain, base: 'moved' | 'left' | 'not_asked'): string[] {
  const candidate = current?.members[0]?.candidate;
  return candidate?.revert && base === 'moved' ? remembered(reverted, candidate.commit) : reverted;
}

function remembered(ended: string[], candidateId: string): string[] {
  return [...ended.slice(-ENDED_MAX + 1), candidateId];
}

export const mergeTrainActor = defineActor<MergeTrain, MergeTrainFact, MergeTrainCommand>({
  kind: 'mergeTrain',
  chart: mergeTrainChart,
  facts: mergeTrainFacts,
  outOfOrder: 'train.out_of_order',
  initial: noTrain,
  evolve: evolveMergeTrain,
  carried: carriedTrain,
  scope: ({ spec, about }) => ({
    ...(spec && { repositoryId: spec.repositoryId }),
    ...(about && { workflowId: about.workflowId, ...(about.taskId && { taskId: about.taskId }) }),
  }),
  decide,
});
