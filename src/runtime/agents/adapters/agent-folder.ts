import { closeSync, fsync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { link, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
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

/** Makes the folder. False when it is there already: somebody has begun to claim the agent before. */
export function makeFolder(folder: AgentFolder): boolean {
  try {
    mkdirSync(folder.path, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Writes the claim; when this resolves it survives a power cut: the record, its name, and the folder's own name. All are
 * flushed at once. What a power cut leaves of a first claim before that may be torn, and `readRecords` takes it for none:
 * no holder was told to begin. A later claim comes in place of one that a holder may have acted on, so it is flushed
 * before it gets the name.
 */
export async function recordClaim(folder: AgentFolder, start: StartRecord, isFirst: boolean): Promise<void> {
  const text = `${JSON.stringify(start)}\n`;
  if (!isFirst) await replaceFile(folder.start, text);
  else {
    const draft = draftOf(folder.start);
    layFile(draft, text);
    renameSync(draft, folder.start);
  }
  await Promise.all([folder.start, folder.path, dirname(folder.path)].map(flush));
}

/**
 * What the folder says. An exit is read last, so that a holder that ends meanwhile is not taken for lost. Reading is
 * synchronous: four small files that were just written take less time than asking another thread for one.
 */
export function readRecords(folder: AgentFolder): AgentRecords {
  const start = readClaim(folder.start);
  const state = readRecord<HolderState>(folder.state);
  const lost = readRecord<LostRecord>(folder.lost);
  return { start, state, lost, exit: readRecord<HolderExit>(folder.exit) };
}

function readClaim(path: string): StartRecord | null {
  try {
    return readRecord<StartRecord>(path);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

export function readRecord<T>(path: string): T | null {
  const text = readText(path);
  return text === null ? null : (JSON.parse(text) as T);
}

/** Null when there is no such file. */
export function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Writes a small file for the agent or its holder, 0600. What a power cut makes of it does not matter: no agent outlives one. */
export function layFile(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600 });
}

/** Writes a record of ours, wholly or not at all, and durably. */
export async function replaceFile(path: string, text: string): Promise<void> {
  renameSync(await writeDraft(path, text), path);
}

/** Like `replaceFile`, but answers false and changes nothing when the file exists. */
export async function createFile(path: string, text: string): Promise<boolean> {
  const draft = await writeDraft(path, text);
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

let drafts = 0;

/** Each call has a draft of its own: two that write the same record at the same time must not mix their bytes. */
function draftOf(path: string): string {
  return `${path}.${process.pid}-${++drafts}`;
}

async function writeDraft(path: string, text: string): Promise<string> {
  const draft = draftOf(path);
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  return draft;
}

const fsyncOf = promisify(fsync);

/** Of a file or folder. Only the flush itself leaves this thread: the rest takes less time than asking another for it. */
async function flush(path: string): Promise<void> {
  const descriptor = openSync(path, 'r');
  try {
    await fsyncOf(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
