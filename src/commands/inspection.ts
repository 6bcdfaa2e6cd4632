import { type Failure, invalid, isFailure } from '../kernel/errors.ts';
import type { WorkflowDefinition } from '../machines/workflow/index.ts';
import { graphCommand, graphNames } from '../runtime/checks/graph-command.ts';
import type { RepositoryInspection } from '../runtime/runner.ts';

/** What is asked of the world before a workflow starts; nothing is touched. */
export interface WorkflowInspection {
  definition(name: string): Promise<WorkflowDefinition | Failure>;
  repository(request: {
    path: string;
    branch?: string;
    fromHead?: boolean;
  }): Promise<Omit<RepositoryInspection, 'dirty'> | Failure>;
  /** Throws nothing: a failure when no agent of that name can be started, or it cannot do what it is asked. */
  agent(name: string, asked?: 'to_review'): Failure | null;
  /** A sentence about what is wrong with a check's words, or null. */
  check(command: string): Failure | null;
}

/** The repository as it stands, and how what is made of it is judged. */
export interface Inspected {
  repository: Pick<RepositoryInspection, 'repositoryId' | 'path' | 'baseBranch' | 'baseCommit'>;
  /** A command, or `heph check` with names of checks; null when none is named and none was found. */
  check: string | null;
  /** The command that runs the tests, where `check` is a graph that has one. */
  tests?: string;
}

export async function inspectRepository(
  inspection: WorkflowInspection,
  input: { repository: string; fromHead: boolean; branch?: string; check?: string },
): Promise<Inspected | Failure> {
  const found = await inspection.repository({
    path: input.repository,
    fromHead: input.fromHead,
    ...(input.branch !== undefined && { branch: input.branch }),
  });
  if (isFailure(found)) return found;
  const { repositoryId, path, baseBranch, baseCommit, detectedCheck, checks = [], testCommand, badDefinition } = found;
  const repository = { repositoryId, path, baseBranch, baseCommit };
  const named = input.check === undefined ? null : (graphCommand(input.check, checks) ?? input.check);
  const check = named ?? detectedCheck;
  if (badDefinition !== undefined && check !== null && graphNames(check) !== null)
    return invalid('check.bad_definition', badDefinition);
  const problem = named === null ? null : (inspection.check(named) ?? unknownName(named, checks));
  if (problem) return problem;
  const tests = check !== null && graphNames(check) !== null ? testCommand : null;
  return { repository, check, ...(tests && { tests }) };
}

/** What is wrong with the names of a graph that was asked for. */
function unknownName(check: string, checks: readonly string[]): Failure | null {
  const unknown = graphNames(check)?.find((name) => !checks.includes(name));
  if (unknown !== undefined)
    return invalid(
      'check.unknown_name',
      `${JSON.stringify(unknown)} is no check of this repository; it has ${checks.join(', ') || 'none'}.`,
    );
  if (graphNames(check) === null || checks.length > 0) return null;
  return invalid('check.none', 'The repository has no checks.yaml, and nothing in it says how it is checked.');
}
