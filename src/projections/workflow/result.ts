import { criteriaOf, isPending, resultPolicy, type Workflow } from '../../machines/workflow/index.ts';

/** Who has to say something before the run goes on. */
interface ResultWait {
  from: 'checks' | 'reviewer' | 'operator';
  text: string;
}

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

/** For whom the result waits, in a sentence; null where it waits for nothing but the run’s tasks. */
function awaited({ workflowId, definition, phases, results }: Workflow): ResultWait | null {
  const last = results.at(-1);
  if (last && isPending(last))
    return last.reviewId === null
      ? { from: 'checks', text: 'The checks look at the result.' }
      : { from: 'reviewer', text: `${last.reviewId} reviews the result.` };
  const current = phases.at(-1);
  const over = current?.name === definition.phases.at(-1)?.name && current?.status !== 'started';
  if (!over || resultPolicy(definition).submitted_by !== 'operator' || last?.status === 'accepted') return null;
  const text = `Every phase is over; an operator submits the result: heph result submit ${workflowId} --summary "…"`;
  return { from: 'operator', text };
}
