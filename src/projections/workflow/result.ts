import { criteriaOf, isPending, resultPolicy, type Workflow } from '../../machines/workflow/index.ts';

/** What the template says of the result, and where the last submission stands. */
export function resultOf(workflow: Workflow, status: string) {
  const { submitted_by, on_result, review } = resultPolicy(workflow.definition);
  const last = workflow.results.at(-1);
  return {
    criteria: criteriaOf(workflow.definition).map(({ text, proved_by }) => ({
      criterion: text,
      provedBy: proved_by ?? null,
    })),
    ...{ submittedBy: submitted_by, onResult: on_result, reviewedBy: review?.agent ?? null },
    status: last?.status ?? 'not_submitted',
    submissions: workflow.results.length,
    awaits: status === 'active' ? awaited(workflow) : null,
  };
}

/** For what the result waits, in a sentence; null where it waits for nothing but the run’s tasks. */
function awaited({ workflowId, definition, phases, results }: Workflow): string | null {
  const last = results.at(-1);
  if (last && isPending(last))
    return last.reviewId === null ? 'The checks look at it.' : `${last.reviewId} reviews it.`;
  const current = phases.at(-1);
  const over = current?.name === definition.phases.at(-1)?.name && current?.status !== 'started';
  if (!over || resultPolicy(definition).submitted_by !== 'operator' || last?.status === 'accepted') return null;
  return `Every phase is over; an operator submits it with: heph result submit ${workflowId} --summary "…"`;
}
