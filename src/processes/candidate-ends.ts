import type { Candidate, MergeTrainFact } from '../machines/merge-train/index.ts';
import { indexed } from './indices.ts';

export type CandidateEnd =
  | { outcome: 'landed'; commit: string; from: string; base: 'moved' | 'left' | 'not_asked'; reason: string | null }
  /** `commit`: the work that was not merged. */
  | { outcome: 'refused'; code: string; reason: string; files: string[]; commit: string | null }
  | { outcome: 'withdrawn' };

export type SavedCandidateEnd = { id: string; workflowId: string; end: CandidateEnd };

/** How each candidate of a merge train ended, for as long as its workflow is there. */
export class CandidateEnds {
  private readonly ends = new Map<string, CandidateEnd>();
  private readonly byWorkflow = new Map<string, Set<string>>();

  get size(): number {
    return this.ends.size;
  }

  get(candidateId: string): CandidateEnd | undefined {
    return this.ends.get(candidateId);
  }

  /** The candidate ends that this fact tells; `about` is whom the train's facts are about. */
  record(about: Candidate | null, fact: MergeTrainFact): void {
    const told = endOf(fact, about);
    if (told) this.place({ id: told.candidateId, workflowId: about?.workflowId ?? '', end: told.end });
  }

  place({ id, workflowId, end }: SavedCandidateEnd): void {
    this.ends.set(id, end);
    indexed(this.byWorkflow, workflowId).add(id);
  }

  letGo(workflowId: string): void {
    for (const id of this.byWorkflow.get(workflowId) ?? []) this.ends.delete(id);
    this.byWorkflow.delete(workflowId);
  }

  save(): SavedCandidateEnd[] {
    return [...this.byWorkflow].flatMap(([workflowId, ids]) =>
      [...ids].map((id) => ({ id, workflowId, end: this.ends.get(id) as CandidateEnd })),
    );
  }
}

function endOf(fact: MergeTrainFact, about: Candidate | null): { candidateId: string; end: CandidateEnd } | null {
  switch (fact.type) {
    case 'CandidateLanded': {
      const { candidateId, commit, from, base, reason } = fact.data;
      return { candidateId, end: { outcome: 'landed', commit, from, base, reason } };
    }
    case 'CandidateRefused': {
      const { candidateId, code, reason, files } = fact.data;
      return { candidateId, end: { outcome: 'refused', code, reason, files, commit: about?.commit ?? null } };
    }
    case 'CandidateWithdrawn':
      return { candidateId: fact.data.candidateId, end: { outcome: 'withdrawn' } };
    default:
      return null;
  }
}
