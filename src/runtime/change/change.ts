/** What a kept candidate changed, measured from the mirror alone: nothing of it is checked out, and nothing runs. */
export interface ChangeRequest {
  repositoryId: string;
  /** The change is what differs from here … */
  base: string;
  /** … to here. */
  commit: string;
  /** Whether the repository's other sources are read as well, for `newImports` and `reuse`. */
  sources: boolean;
}

export interface MeasuredChange {
  files: { path: string; insertions: number; deletions: number }[];
  /** Lines added and removed; a binary file counts as one. */
  changedLines: number;
  /** Null where the sources were not asked for. */
  code: MeasuredCode | null;
}

export interface MeasuredCode {
  /** Packages and built-in modules that a changed file imports and no file of the base did. */
  newImports: string[];
  /** Changed source in a language whose imports are not read. */
  unreadImports: string[];
  reuse: Reuse;
  /** Sources that were not read: too large, or too many. */
  unread: number;
}

/** How the new lines of source stand to what the repository has without them. Tests are neither. */
export interface Reuse {
  /** Of the new lines. */
  tokens: number;
  /** Those of them that stand elsewhere in the repository, in the same words, `REPEAT_TOKENS` or more in a row. */
  repeated: number;
  /** Functions and classes of the repository that the new lines call, by name. */
  called: string[];
  /** Functions and classes that the new lines define, by name. */
  defined: string[];
}
