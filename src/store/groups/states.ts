import type { GroupFilter, GroupId, GroupSettings } from '../persistent-subscriptions.ts';
import type { ProgressChange, SavedProgress } from './ledger.ts';

/** A group as it is kept. */
export interface SavedGroup extends GroupDefinition, SavedProgress {}

export interface GroupDefinition {
  group: GroupId;
  settings: GroupSettings;
  filter?: GroupFilter;
  /** Its first event is the first behind this revision of its stream, or this position of the log. */
  after: bigint;
}

/** Where the groups of an embedded log are kept. Each call is done when it returns, and done as a whole. */
export interface GroupStates {
  all(): SavedGroup[];
  create(definition: GroupDefinition): void;
  configure(group: GroupId, settings: GroupSettings): void;
  advance(group: GroupId, change: ProgressChange): void;
  remove(group: GroupId): void;
  close(): void;
}

/** For a log that does not outlive its process either: what the groups themselves remember is enough. */
export const forgetfulStates: GroupStates = {
  all: () => [],
  create() {},
  configure() {},
  advance() {},
  remove() {},
  close() {},
};
