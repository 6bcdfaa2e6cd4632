/** What differs between two states of a task's work, as git tells it. Everything in it was written by agents. */
export interface DiffRequest {
  taskId: string;
  repositoryId: string;
  /** The commit to compare with; null: the first parent of `to`. */
  from: string | null;
  /** The commit to look at; null: the worktree as it is now, whose agent began at `base`. */
  to: string | null;
  base: string;
  /** Only this file, by the path that an earlier answer gave it, and more of it. */
  path?: string;
  /** Whether the lines themselves are asked for, or only how many they are. */
  patches: boolean;
}

export interface TaskDiff {
  /** A commit. */
  from: string;
  /** A commit; of a living worktree the tree that it was read as. */
  to: string;
  files: DiffFile[];
  /** Files beyond those listed. */
  filesMore: number;
}

export type DiffStatus = 'added' | 'deleted' | 'modified' | 'renamed' | 'type_changed';

export interface DiffFile {
  /** Bytes of a name that are no UTF-8 stand as `\xff`. */
  path: string;
  /** Where it was before; null unless it was renamed. */
  oldPath: string | null;
  status: DiffStatus;
  /** Git's modes, e.g. 100644; null where there is no file. */
  oldMode: string | null;
  newMode: string | null;
  oldBytes: number | null;
  newBytes: number | null;
  /** Null where lines cannot be counted: of binary and of large files. */
  additions: number | null;
  deletions: number | null;
  binary: boolean;
  /** A unified diff with its headers; null for the reason that `omitted` gives. */
  patch: string | null;
  omitted: 'not_asked' | 'binary' | 'too_large' | 'over_limit' | null;
  /** The patch goes on; it is cut at the end of a line. */
  truncated: boolean;
}

export const DIFF_LIMITS = {
  files: 500,
  /** A larger file is not compared line by line. */
  fileBytes: 1024 * 1024,
  /** Of all files that are compared line by line. */
  comparedBytes: 16 * 1024 * 1024,
  patchBytes: 128 * 1024,
  /** Of the one file that was asked for. */
  onePatchBytes: 2 * 1024 * 1024,
  patchesBytes: 2 * 1024 * 1024,
} as const;
