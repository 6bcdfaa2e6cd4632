import { type Failure, isFailure } from '../kernel/errors.ts';
import type { WorkflowDefinition } from '../machines/workflow/index.ts';

/** What is asked of the world before a workflow starts; nothing is touched. */
export interface WorkflowInspection {
  definition(name: string): Promise<WorkflowDefinition | Failure>;
  repository(request: {
    path: string;
    branch?: string;
    fromHead?: boolean;
  }): Promise<
    | { repositoryId: string; path: string; baseBranch: string; baseCommit: string; detectedCheck: string | null }
    | Failure
  >;
  /** Throws nothing: a failure when no agent of that name can be started. */
  agent(name: string): Failure | null;
  /** A sentence about what is wrong with a check's words, or null. */
  check(command: string): Failure | null;
}

type Found = Exclude<Awaited<ReturnType<WorkflowInspection['repository']>>, Failure>;

/** The repository as it stands, and the check that judges what is made of it; null when none is named and none was found. */
export async function inspectRepository(
  inspection: WorkflowInspection,
  input: { repository: string; fromHead: boolean; branch?: string; check?: string },
): Promise<{ repository: Omit<Found, 'detectedCheck'>; check: string | null } | Failure> {
  const badCheck = input.check === undefined ? null : inspection.check(input.check);
  if (badCheck) return badCheck;
  const found = await inspection.repository({
    path: input.repository,
    fromHead: input.fromHead,
    ...(input.branch !== undefined && { branch: input.branch }),
  });
  if (isFailure(found)) return found;
  const { detectedCheck, ...repository } = found;
  return { repository, check: input.check ?? detectedCheck };
}
