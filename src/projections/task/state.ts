import type { JudgeRecord, KeptTreeRecord, MutationSummary } from '../../machines/task/index.ts';
import type { CheckSummary } from '../../machines/workflow/index.ts';
import type { Evidence } from '../evidence.ts';
import { type FleetState, initialFleet } from '../fleet/index.ts';
import { type Detail, initialDetail } from '../workflow/index.ts';

/** A workflow as its own view has it, and what happened to each of its tasks. */
export interface TaskHistories {
  detail: Detail;
  fleet: FleetState;
  histories: Map<string, History>;
  /** By candidate id: the task whose work is merged. */
  candidates: Map<string, string>;
}

/** Everything that came to pass in order, one list per kind. */
export interface History {
  states: { status: string; from: string | null; evidence: Evidence }[];
  attempts: Attempt[];
  rounds: Round[];
  turns: (KeptTreeRecord & { attempt: number; evidence: Evidence })[];
  merges: Merge[];
  /** By attempt: what was reported while it was the last one, of whichever agent. */
  progress: { message: string; fraction: number | null; evidence: Evidence }[];
}

export interface Attempt {
  attempt: number;
  agentId: string | null;
  assigned: Evidence;
  started: Evidence | null;
  submitted: { summary: string; how: 'reported' | 'exited' | 'server'; evidence: Evidence } | null;
  /** No verdict on the work: the agent died, hung or was stopped. */
  failure: { code: string; reason: string; counts: boolean; evidence: Evidence } | null;
  usage: { inputTokens: number; outputTokens: number; costUsd: number; wallMs: number } | null;
}

/** One verdict on the work, or one that is awaited. */
export interface Round {
  attempt: number;
  round: number | null;
  verdict: 'under_review' | 'passed' | 'failed' | 'sent_back';
  code: string | null;
  words: string;
  check: CheckSummary | null;
  judge: JudgeRecord | null;
  mutation: MutationSummary | null;
  /** The task that reviews. */
  reviewId: string | null;
  files: string[];
  evidence: Evidence;
}

/** One way of its work into a branch. */
export interface Merge {
  candidateId: string;
  trainId: string;
  commit: string;
  /** It takes this task's merge out again. */
  isRevert: boolean;
  status: 'queued' | 'merging' | 'merged' | 'landed' | 'refused' | 'withdrawn' | 'handed_over';
  code: string | null;
  reason: string | null;
  files: string[];
  check: CheckSummary | null;
  judge: JudgeRecord | null;
  landedAs: string | null;
  queuedAt: number;
  evidence: Evidence;
}

export function initialHistories(): TaskHistories {
  return { detail: initialDetail(), fleet: initialFleet(), histories: new Map(), candidates: new Map() };
}

export function newHistory(): History {
  return { states: [], attempts: [], rounds: [], turns: [], merges: [], progress: [] };
}
