import { denied, type Failure, HephError, invalid, isFailure } from '../kernel/errors.ts';
import type { QueryContext, QueryDefinition } from './define-queries.ts';

/** Role, then input, then the answer. What the ports below call Invalid comes as a value too; Faults are thrown. */
export async function askQuery(
  name: string,
  definition: QueryDefinition,
  input: unknown,
  context: QueryContext,
): Promise<Record<string, unknown> | Failure> {
  const { role } = context.principal;
  if (role !== 'server' && !definition.roles.includes(role))
    return denied('auth.role', `A ${role} may not ask ${name}.`);
  const parsed = definition.schema.safeParse(input ?? {});
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
    const [first] = issues;
    return invalid('input.invalid', `${name}: ${first?.path ? `${first.path}: ` : ''}${first?.message}`, { issues });
  }
  try {
    return await definition.run(parsed.data, context);
  } catch (error) {
    if (error instanceof HephError && error.kind === 'invalid' && isFailure(error)) return error;
    throw error;
  }
}
