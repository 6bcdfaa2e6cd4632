/** Git as the working copies need it: one call, one process, no shell. */
export interface Git {
  /**
   * Runs git and answers when it has ended. Throws Fault `git.failed` for an exit code that is not in `accept`, and
   * `git.timeout` when it takes longer than `timeoutMs`.
   */
  run(args: readonly string[], call: GitCall): Promise<GitAnswer>;
}

export interface GitCall {
  cwd: string;
  /**
   * `ours` reads no configuration but that of the named repository: for the mirror and for everything an agent may have
   * written. `users` is for the user's own repository only: their filters, line endings and `safe.directory` are honoured
   * there, as in their own git. Hooks and file-system monitors are off in both.
   */
  config: 'ours' | 'users';
  gitDir?: string;
  workTree?: string;
  indexFile?: string;
  /** Bytes for standard input; never empty. */
  input?: string | Buffer;
  /** Who commits, and when (milliseconds since the epoch). */
  committer?: { at: number };
  /** Exit codes that are answers, beside 0. */
  accept?: readonly number[];
  timeoutMs?: number;
}

export interface GitAnswer {
  code: number;
  stdout: Buffer;
  stderr: string;
}

/** Standard output as one trimmed line of text. */
export function textOf(answer: GitAnswer): string {
  return answer.stdout.toString('utf8').trim();
}

/** The items of `-z` output. As latin1 by default, so that names that are no UTF-8 survive the way back to git. */
export function itemsOf(answer: GitAnswer, encoding: 'latin1' | 'utf8' = 'latin1'): string[] {
  const text = answer.stdout.toString(encoding);
  return text.split('\0').filter((item) => item !== '');
}
