import { definitionSchema } from './definition.ts';

/** A definition whose parts also fit together: each phase once, and `on_red` naming a phase that may take further tasks. */
export const checkedDefinitionSchema = definitionSchema.superRefine(({ phases, parameters }, context) => {
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
    if (on_red === undefined) return;
    const problem = !known.includes(on_red)
      ? `there is no phase ${on_red}; there are ${known.join(', ')}`
      : known.indexOf(on_red) > index
        ? `the phase ${on_red} comes later; a red phase goes back`
        : undefined;
    if (problem) context.addIssue({ code: 'custom', path: ['phases', index, 'on_red'], message: problem });
  });
  parameters.forEach(({ name }, index) => {
    if (parameters.findIndex((other) => other.name === name) !== index)
      context.addIssue({
        code: 'custom',
        path: ['parameters', index, 'name'],
        message: `the parameter ${name} comes twice`,
      });
  });
});
