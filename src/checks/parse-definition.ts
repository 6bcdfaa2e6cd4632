import type { z } from 'zod';
import { HephError } from '../kernel/errors.ts';
import { type LocatedYaml, locateYaml, type Mistake } from '../runtime/definitions/located-yaml.ts';
import { type CheckDefinition, DEFINITION_FILE } from './definition.ts';
import { needsProblem } from './graph.ts';
import { definitionSchema, toCheck } from './schema.ts';

const MISTAKES_SHOWN_MAX = 20;

/** The definition that the text of a `checks.yaml` is. Throws `check.bad_definition` with a line for each mistake. */
export function parseDefinition(text: string): CheckDefinition {
  const yaml = locateYaml(DEFINITION_FILE, text);
  if (yaml.mistakes.length > 0) throw mistaken(yaml.mistakes);
  const parsed = definitionSchema.safeParse(yaml.value);
  if (!parsed.success) throw mistaken(parsed.error.issues.flatMap((issue) => located(issue, yaml)));
  const checks = Object.entries(parsed.data.checks).map(([name, check]) => toCheck(name, check));
  const problem = needsProblem(checks);
  if (problem) throw mistaken([{ where: yaml.at(['checks', problem.check, 'needs']), message: problem.message }]);
  return {
    checks,
    jobs: parsed.data.jobs ?? null,
    webhook: parsed.data.webhook ?? null,
    source: DEFINITION_FILE,
    reasons: {},
  };
}

function located(issue: z.core.$ZodIssue, yaml: LocatedYaml): Mistake[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ where: yaml.atKey(issue.path, key), message: `there is no key ${key} here` }));
  const subject = issue.path.length > 0 ? `${issue.path.map(String).join('.')}: ` : '';
  return [{ where: yaml.at(issue.path), message: `${subject}${issue.message}` }];
}

function mistaken(mistakes: readonly Mistake[]): HephError {
  const shown = mistakes.slice(0, MISTAKES_SHOWN_MAX).map(({ where, message }) => `${where}: ${message}`);
  return new HephError('check.bad_definition', shown.join('\n'), { details: { mistakes } });
}
