import type { CheckResult, Environment } from '../runner.ts';

/** What judges a checkout: the check engine, as the runner uses it. It is filled where adapters meet ports. */
export interface CheckEngine {
  /**
   * Runs the check on a checkout that nothing has run in yet, or answers from what was found under the same inputs before.
   * Throws `check.failed_to_run` when it cannot be run at all.
   */
  judge(request: JudgeRequest): Promise<Judgement>;
  /**
   * Brings a fresh worktree into the state that the repository's `checks.yaml` asks for by its checks of the environment. Null where
   * it asks for nothing. Throws `environment.unfit` when that state cannot be reached, with why.
   */
  makeReady(request: Omit<JudgeRequest, 'command' | 'cache'>): Promise<Environment | null>;
  /** What a repository says of its checks. `read` answers the text of a file at its root, or null. Throws `check.bad_definition`. */
  declares(read: (path: string) => Promise<string | null>): Promise<DeclaredChecks>;
}

export interface JudgeRequest {
  repositoryId: string;
  commit: string;
  /** Where it is checked out, by real path. */
  checkout: string;
  command: string;
  /** See `CheckRequest.cache`. */
  cache: 'use' | 'renew' | 'none';
  /** The text of the `checks.yaml` that says which variables may be given; null: none is. Absent: that of the checkout. */
  trusted?: string | null;
  limits: { wallMs: number; outputBytesMax: number };
}

export type Judgement = Omit<CheckResult, 'checkKey' | 'command' | 'commit'>;

export interface DeclaredChecks {
  /** `checks.yaml`, or what they were detected from. */
  source: string;
  /** Whether the repository says so itself, in a `checks.yaml`. */
  own: boolean;
  checks: readonly { name: string; tests: boolean; run: readonly string[] | null }[];
}
