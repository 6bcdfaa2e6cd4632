import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../../runner.ts';
import { type Hands, worktreesOf } from '../hands.ts';
import { folderName } from '../names.ts';
import { readJson, writeWhole } from './files.ts';

/**
 * What we know of a worktree, in a file beside it that its agent has no reason to touch. A folder without one was not
 * made by us and is never removed; `making` means that no agent has seen it yet.
 */
export interface WorktreeRecord {
  taskId: string;
  repositoryId: string;
  branch: string;
  commit: string;
  state: 'making' | 'ready';
  environment?: Environment;
}

export function readRecord(hands: Hands, taskId: string): Promise<WorktreeRecord | null> {
  return readJson<WorktreeRecord>(recordPath(hands, taskId));
}

export function writeRecord(hands: Hands, record: WorktreeRecord): Promise<void> {
  return writeWhole(hands, recordPath(hands, record.taskId), JSON.stringify(record));
}

export async function forgetRecord(hands: Hands, taskId: string): Promise<void> {
  await rm(recordPath(hands, taskId), { force: true });
}

const recordPath = (hands: Hands, taskId: string) => join(worktreesOf(hands), `${folderName(taskId)}.json`);
