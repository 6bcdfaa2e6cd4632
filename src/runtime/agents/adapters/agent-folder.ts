import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ID_PATTERN } from '../../../kernel/ids.ts';
import type { HolderExit, HolderState } from '../../terminals/holder-protocol.ts';

/** `start.json`: what was asked for, made before anything is started. No values of the environment, no token. */
export interface StartRecord {
  agentId: string;
  taskId: string;
  runnerId: string;
  /** When a machine has started again since, nobody knows what the holder did before it could say so. */
  bootId: string;
  claimedAt: number;
  tokenHash: string;
  worktree: string;
  argv: string[];
  environmentNames: string[];
  dataDirectory: string;
  terminal: { columns: number; rows: number };
  limits: { wallMs: number; transcriptBytesMax: number };
}

/** `lost.json`: the holder is gone without an exit. */
export interface LostRecord {
  reason: string;
  at: number;
}

export interface AgentRecords {
  start: StartRecord | null;
  state: HolderState | null;
  exit: HolderExit | null;
  lost: LostRecord | null;
}

/** The files of one agent. All are ours but `agentDirectory`, which is the agent's to write in. */
export interface AgentFolder {
  agentId: string;
  path: string;
  start: string;
  state: string;
  exit: string;
  lost: string;
  transcript: string;
  token: string;
  prompt: string;
  mcpConfig: string;
  agentDirectory: string;
}

/** Null for what is no id of ours, so that no id ever becomes a path outside the root. */
export function agentFolder(root: string, agentId: string): AgentFolder | null {
  if (!ID_PATTERN.test(agentId)) return null;
  const path = join(root, agentId);
  return {
    agentId,
    path,
    start: join(path, 'start.json'),
    state: join(path, 'state.json'),
    exit: join(path, 'exit.json'),
    lost: join(path, 'lost.json'),
    transcript: join(path, 'transcript'),
    token: join(path, 'token'),
    prompt: join(path, 'prompt.md'),
    mcpConfig: join(path, 'mcp.json'),
    agentDirectory: join(path, 'agent'),
  };
}

/** Makes the folder, durably. False when it is there already: somebody has claimed the agent before. */
export async function claimFolder(root: string, folder: AgentFolder): Promise<boolean> {
  try {
    await mkdir(folder.path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  await syncFolder(root);
  return true;
}

/** Null when there is no folder. An exit is read last, so that a holder that ends meanwhile is not taken for lost. */
export async function readRecords(folder: AgentFolder): Promise<AgentRecords> {
  const start = await readRecord<StartRecord>(folder.start);
  const state = await readRecord<HolderState>(folder.state);
  const lost = await readRecord<LostRecord>(folder.lost);
  return { start, state, lost, exit: await readRecord<HolderExit>(folder.exit) };
}

export async function readRecord<T>(path: string): Promise<T | null> {
  const text = await readText(path);
  return text === null ? null : (JSON.parse(text) as T);
}

export async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Writes a file of ours, wholly or not at all, and durably. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { durable: true });
  await rename(`${path}.new`, path);
}

/** Like `replaceFile`, but answers false and changes nothing when the file exists. */
export async function createFile(path: string, text: string): Promise<boolean> {
  await writeFile(`${path}.new`, text, { durable: true });
  try {
    await link(`${path}.new`, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(`${path}.new`, { force: true });
  }
}

export async function writeFile(path: string, text: string, options: { durable: boolean }): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(text);
    if (options.durable) await file.sync();
  } finally {
    await file.close();
  }
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
