import type { CheckDefinition } from './definition.ts';
import type { CheckParts, Fix } from './ports.ts';
import type { CheckRun } from './results.ts';

/** What is checked, and whose results it shares. */
export interface Place {
  /** The root of the work tree; outside of git, the folder itself. By real path. */
  root: string;
  git: boolean;
  /** The same for all worktrees of one repository: results are kept under it. */
  repositoryId: string;
}

export interface Undone {
  check: string;
  restored: string[];
  /** Changed by somebody since, or no longer to be had: left as they are. */
  left: string[];
}

/** Applies fixes in one work tree and takes them back. */
export interface Fixes {
  /**
   * Runs `run` between two looks at the tree and answers which paths it changed; that is recorded even when `run` answers that
   * it failed, or throws. Folders that were put aside are put back then.
   */
  apply(id: string, check: string, fix: Fix, run: () => Promise<boolean>): Promise<string[]>;
  /** Takes back the newest fix that was not taken back; with `look`, only tells which. Null when there is none. */
  undo(look: boolean): Promise<Undone | null>;
}

/** Everything that a run of checks in one work tree needs, and what is kept of the runs before. */
export interface OpenedChecks {
  place: Place;
  parts: CheckParts;
  fixes: Fixes;
  /** What `checks.yaml` says, else what is detected. Throws `check.bad_definition`. */
  definition(): Promise<CheckDefinition>;
  /** What the gates of a server have run on this repository, the newest first. */
  judgedRuns(): Promise<CheckRun[]>;
  tellWebhook(url: string, run: CheckRun): Promise<NonNullable<CheckRun['webhook']>>;
}
