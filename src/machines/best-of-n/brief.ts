import { type Directive, EMPHASES, type Parameters } from './directive.ts';

/** The directive in words, for an agent that reads a prompt: a paragraph for the goal, then a line for each thing asked of it. */
export function briefOf({ goal, constraints, criteria, parameters }: Directive): string {
  const { maxLines, allowedFiles, allowedImports, expectedOutput } = constraints;
  const lines = [
    ...(parameters.emphasis === null ? [] : [EMPHASES[parameters.emphasis]]),
    ...(parameters.approach === null ? [] : [`Go about it like this: ${parameters.approach}`]),
    ...(maxLines === null ? [] : [`Change at most ${maxLines} lines.`]),
    ...(allowedFiles === null ? [] : [`Change only files that match: ${allowedFiles.join(', ') || 'none'}.`]),
    ...(allowedImports === null ? [] : [`Import nothing new${butFor(allowedImports)}.`]),
    ...(expectedOutput === null ? [] : [`The check must print: ${expectedOutput}`]),
    ...criteria,
  ];
  return [goal, ...(lines.length > 0 ? ['', ...lines.map((line) => `- ${line}`)] : [])].join('\n');
}

/** What the `repair` agent takes as its task’s input `variation`. */
export function repairVariation({ seed, repair }: Parameters): Record<string, unknown> {
  return { seed, ...repair };
}

function butFor(names: readonly string[]): string {
  return names.length === 0 ? '' : `, but for ${names.join(', ')}`;
}
