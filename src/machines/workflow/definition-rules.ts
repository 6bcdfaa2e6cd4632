import { definitionSchema, type Phase, type WorkflowDefinition } from './definition.ts';

/** A definition whose parts also fit together: each phase once, and `on_red` naming a phase that may take further tasks. */
export const checkedDefinitionSchema = definitionSchema.superRefine(({ phases, parameters, result }, context) => {
  const known = phases.map((phase) => phase.name);
  phases.forEach((phase, index) => {
    if (known.indexOf(phase.name) !== index)
      context.addIssue({
        code: 'custom',
        path: ['phases', index, 'name'],
        message: `the phase ${phase.name} comes twice`,
      });
    const { on_red, survivors_max, checks, changes } = phase;
    if (survivors_max !== undefined && (checks === 'none' || changes === 'none')) {
      const message = 'needs `checks` that could notice a mutant and `changes` to mutate';
      context.addIssue({ code: 'custom', path: ['phases', index, 'survivors_max'], message });
    }
    if (phase.candidates !== undefined) {
      const problem = candidatesProblem(phase, parameters);
      if (problem) context.addIssue({ code: 'custom', path: ['phases', index, 'candidates'], message: problem });
    }
    if (on_red === undefined) return;
    const problem = !known.includes(on_red)
      ? `there is no phase ${on_red}; there are ${known.join(', ')}`
      : known.indexOf(on_red) > index
        ? `the phase ${on_red} comes later; a red phase goes back`
        : undefined;
    if (problem) context.addIssue({ code: 'custom', path: ['phases', index, 'on_red'], message: problem });
  });
  for (const { key, message } of resultMistakes(result, phases))
    context.addIssue({ code: 'custom', path: ['result', key], message });
  parameters.forEach(({ name }, index) => {
    if (parameters.findIndex((other) => other.name === name) !== index)
      context.addIssue({
        code: 'custom',
        path: ['parameters', index, 'name'],
        message: `the parameter ${name} comes twice`,
      });
  });
});

type Mistake = { key: string; message: string };

/** What of the result fits no phase, or asks nobody. */
function resultMistakes(
  { submitted_by, on_fail, review, criteria }: WorkflowDefinition['result'],
  phases: WorkflowDefinition['phases'],
): Mistake[] {
  const out: Mistake[] = [];
  const allowing = phases.filter(({ allowed_tools }) => allowed_tools.includes('submit_result'));
  const [first] = allowing;
  if (submitted_by === 'agents' && !first)
    out.push({ key: 'submitted_by', message: 'no phase has `submit_result` among its `allowed_tools`' });
  if (submitted_by !== 'agents' && first) {
    const message = `the phase ${first.name} allows \`submit_result\`; that needs \`submitted_by: agents\``;
    out.push({ key: 'submitted_by', message });
  }
  const mender = phases.find(({ name }) => name === on_fail);
  if (on_fail !== undefined && !mender)
    out.push({
      key: 'on_fail',
      message: `there is no phase ${on_fail}; there are ${phases.map(({ name }) => name).join(', ')}`,
    });
  if (mender?.agent === 'none')
    out.push({ key: 'on_fail', message: `no agent works in the phase ${mender.name}, so it can mend nothing` });
  if (review && criteria.length === 0)
    out.push({ key: 'review', message: 'there are no `criteria` for a reviewer to answer' });
  return out;
}

function candidatesProblem(phase: Phase, parameters: WorkflowDefinition['parameters']): string | null {
  const parameter = parameters.find(({ name }) => name === phase.candidates);
  if (parameter?.type !== 'number')
    return `there is no parameter ${phase.candidates} that is a number; declare it in workflow.yaml`;
  if (phase.agent === 'none' || phase.changes === 'none') return 'needs an agent and `changes` to choose from';
  return phase.starts_with === 'one_task'
    ? null
    : 'is for the task that the server opens: needs `starts_with: one_task`';
}
