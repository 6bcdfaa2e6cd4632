import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { Fault } from '../../../kernel/errors.ts';
import type { HolderOrder, HolderReady } from '../../terminals/holder-protocol.ts';
import { createLineSplitter } from '../../terminals/lines.ts';

const READY_BYTES_MAX = 16 * 1024;
const COMPLAINT_CHARS = 500;

export interface HolderProgram {
  /** Absolute path of the Node that runs it. */
  node: string;
  /** Absolute path of `holder.ts`, or of what it was built into. */
  entry: string;
}

/** A holder that waits for its order. */
export interface WaitingHolder {
  readonly pid: number;
  isWaiting(): boolean;
  /** Hands over the order, once. Throws Fault `terminal.failed` with the holder's own words when nothing was started. */
  give(order: HolderOrder): Promise<{ holderPid: number; pid: number; startedAt: number }>;
  /** Lets it go unused; settles when it is gone. */
  dismiss(): Promise<void>;
}

export interface HolderSpawning {
  program: HolderProgram;
  /** Compiled code is kept here, so that only the first holder pays for reading TypeScript. */
  codeCache: string;
  /** What a holder says when it breaks. */
  logFile: string;
  folder: string;
}

/** Starts a holder in a session of its own, with an empty environment and nothing of ours but three descriptors. */
export function spawnHolder({ program, codeCache, logFile, folder }: HolderSpawning, spare: boolean): WaitingHolder {
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(program.node, ['--v8-pool-size=0', program.entry, ...(spare ? ['--spare'] : [])], {
    detached: true,
    cwd: folder,
    env: holderEnvironment(codeCache),
    stdio: ['pipe', log, log, 'pipe'],
  });
  closeSync(log);
  const input = child.stdin as Writable;
  const ready = child.stdio[3] as Readable;
  let failure: Error | undefined;
  let waiting = true;
  child.on('error', (error) => {
    failure = error;
    waiting = false;
  });
  const gone = new Promise<void>((resolve) => {
    child.on('exit', () => resolve());
    child.on('error', () => resolve());
  });
  void gone.then(() => {
    waiting = false;
  });
  // Writing to one that has died is found by the missing answer.
  input.on('error', () => undefined);
  ready.on('error', () => undefined);
  hold(child, false);

  return {
    pid: child.pid ?? 0,
    isWaiting: () => waiting,
    async give(order) {
      waiting = false;
      hold(child, true);
      input.end(JSON.stringify(order));
      const answer = await readReady(ready);
      hold(child, false);
      if (answer?.ok) return { holderPid: child.pid as number, pid: answer.pid, startedAt: answer.startedAt };
      const words = answer?.message ?? failure?.message ?? (await complaint(logFile));
      throw new Fault('terminal.failed', `The terminal's holder did not start: ${words}`, { cause: failure });
    },
    async dismiss() {
      waiting = false;
      hold(child, true);
      input.end();
      await gone;
    },
  };
}

/**
 * Next to nothing, because the agent's environment comes with the order. The mark of an agent in whose terminal this very
 * server was started stays, so that a nested fleet ends with that agent.
 */
function holderEnvironment(codeCache: string): Record<string, string> {
  const outer = process.env.HEPH_AGENT_ID;
  return { NODE_COMPILE_CACHE: codeCache, ...(outer !== undefined && { HEPH_AGENT_ID: outer }) };
}

async function readReady(ready: Readable): Promise<HolderReady | null> {
  const split = createLineSplitter(READY_BYTES_MAX);
  const { promise, resolve } = Promise.withResolvers<HolderReady | null>();
  ready.on('data', (chunk: Buffer) => {
    const line = split(chunk)?.[0];
    if (line !== undefined) resolve(JSON.parse(line) as HolderReady);
  });
  ready.on('close', () => resolve(null));
  return promise;
}

/** Whether the server's own life depends on this child. */
function hold(child: ChildProcess, needed: boolean): void {
  const streams = [child.stdin, child.stdio[3]] as unknown as { ref?(): void; unref?(): void }[];
  for (const handle of [child, ...streams]) {
    if (needed) handle.ref?.();
    else handle.unref?.();
  }
}

async function complaint(logFile: string): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '');
  return text.trim() === '' ? 'it ended without a word' : text.trim().slice(-COMPLAINT_CHARS);
}
