import { rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../kernel/clock.ts';
import {
  HOLDER_PROTOCOL,
  type HolderExit,
  type HolderOrder,
  type HolderRefusal,
  type HolderState,
  UNREAD_BYTES_MAX,
  WRITE_KEYS_MAX,
} from '../holder-protocol.ts';
import type { CreateStreamRedactor } from '../stream-redactor.ts';
import type { SpawnTerminal } from '../terminal.ts';
import { endProcesses } from './end-processes.ts';
import { type HolderSocket, listenAsHolder } from './holder-socket.ts';
import { type AgentMark, findAgentProcesses, readProcess } from './processes.ts';
import { replaceRecord } from './records.ts';
import { openTranscript, type TranscriptWriter } from './transcript-writer.ts';

/** For what an agent leaves running behind it, and for one that reached its wall limit. */
const LEFTOVER_GRACE_MS = 1000;
const TIMED_OUT_GRACE_MS = 5000;
/** A timer cannot be longer. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** What a program is held with. */
export interface HoldHands {
  clock: Clock;
  spawnTerminal: SpawnTerminal;
  createStreamRedactor: CreateStreamRedactor;
}

export interface Held {
  pid: number;
  /** Settles when the program and all that it left behind is gone, its output kept and its exit recorded. */
  ended: Promise<void>;
  /** Ends it as if somebody had asked for it. */
  stop(): void;
}

/** `state.json` of a holder that has its order and no program yet. */
export function beginning(order: HolderOrder, clock: Clock): HolderState {
  return {
    protocol: HOLDER_PROTOCOL,
    phase: 'starting',
    bootId: order.bootId,
    holderPid: process.pid,
    holderTicks: readProcess(process.pid)?.ticks ?? 0,
    socketPath: order.socketPath,
    epoch: order.epoch,
    pid: null,
    pidTicks: null,
    startedAt: clock.now(),
  };
}

/**
 * Starts the program and stays with it. Throws when it could not; then nothing of it is left. The program is started
 * first and the rest made ready while the kernel loads it: nothing of its output can arrive before this function returns.
 */
export function hold(order: HolderOrder, state: HolderState, hands: HoldHands): Held {
  const { clock } = hands;
  const begunMs = clock.monotonicMs();
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  const child = hands.spawnTerminal({
    ...order,
    onOutput: (bytes) => transcript.write(bytes),
    onExit: (code, signal) => void finish(code, signal).then(resolve, reject),
  });
  const pidTicks = readProcess(child.pid)?.ticks ?? state.holderTicks;
  const ender = createEnder({ agentId: order.agentId, child: { pid: child.pid, ticks: pidTicks }, except: [] }, clock);
  let how: HolderExit['how'] = 'exited';
  let exited = false;

  const remember = (change: Partial<HolderState>) => {
    Object.assign(state, change);
    replaceRecord(join(order.folder, 'state.json'), state, { durable: false });
  };

  const stop = (reason: 'stopped' | 'timed_out', graceMs: number) => {
    if (how === 'exited') how = reason;
    void ender.end(graceMs);
  };

  const typed = createTyped();
  const take = (keys: string, key: string | undefined): HolderRefusal | { outputBytes: number } => {
    const before = typed.find(key);
    if (before) return before;
    if (exited) return 'ended';
    if (child.unreadBytes() + Buffer.byteLength(keys) > UNREAD_BYTES_MAX) return 'overloaded';
    const now = { outputBytes: transcript.outputBytes() };
    child.write(keys);
    typed.remember(key, now);
    return now;
  };

  const finish = async (code: number, signal: number) => {
    exited = true;
    cancelWall();
    const exit = { ...exitOf(code, signal), at: clock.now(), how, livedMs: Math.round(clock.monotonicMs() - begunMs) };
    const survivors = await ender.end(LEFTOVER_GRACE_MS);
    transcript.close();
    rmSync(join(order.folder, 'token'), { force: true });
    const record: HolderExit = { ...exit, outputBytes: transcript.outputBytes(), survivors };
    replaceRecord(join(order.folder, 'exit.json'), record, { durable: true });
    await socket.end();
  };

  const listen = (): HolderSocket =>
    listenAsHolder({
      path: order.socketPath,
      epoch: order.epoch,
      clock,
      outputBytes: () => transcript.outputBytes(),
      onEpoch: (epoch) => remember({ epoch }),
      onWrite: take,
      onStop: (graceMs) => stop('stopped', graceMs),
    });

  const record = (): TranscriptWriter =>
    openTranscript({
      directory: join(order.folder, 'transcript'),
      bytesMax: order.transcriptBytesMax,
      redactor: hands.createStreamRedactor(order.redactValues),
      clock,
      onWritten: () => socket.wrote(transcript.outputBytes()),
    });

  const [transcript, socket] = orKill(child.pid, () => {
    remember({ phase: 'running', pid: child.pid, pidTicks });
    return [record(), listen()] as const;
  });
  const cancelWall = atWallLimit(clock, order.wallMs, () => stop('timed_out', TIMED_OUT_GRACE_MS));
  return { pid: child.pid, ended, stop: () => stop('stopped', TIMED_OUT_GRACE_MS) };
}

/** What was typed under which key: whoever cannot know whether it was may ask again. A holder lives as long as its program. */
function createTyped() {
  const byKey = new Map<string, { outputBytes: number }>();
  return {
    find: (key: string | undefined) => (key === undefined ? undefined : byKey.get(key)),
    remember(key: string | undefined, answer: { outputBytes: number }) {
      if (key === undefined) return;
      byKey.set(key, answer);
      if (byKey.size > WRITE_KEYS_MAX) byKey.delete(byKey.keys().next().value as string);
    },
  };
}

/** A program that cannot be held must not run. It has run for a millisecond, so its group is all there is. */
function orKill<T>(pid: number, prepare: () => T): T {
  try {
    return prepare();
  } catch (error) {
    process.kill(-pid, 'SIGKILL');
    throw error;
  }
}

/** Ends all that is the agent's, one end at a time: asked again meanwhile, it can only become less patient. */
function createEnder(mark: AgentMark, clock: Clock): { end(graceMs: number): Promise<number[]> } {
  let killAtMs = Number.POSITIVE_INFINITY;
  let ending: Promise<number[]> | null = null;
  const begin = async () => {
    const left = await endProcesses({ find: () => findAgentProcesses(mark), killAt: () => killAtMs, clock });
    ending = null;
    return left.map(({ pid }) => pid);
  };
  return {
    end(graceMs) {
      killAtMs = Math.min(killAtMs, clock.monotonicMs() + graceMs);
      ending ??= begin();
      return ending;
    },
  };
}

function atWallLimit(clock: Clock, wallMs: number, fire: () => void): () => void {
  const endMs = clock.monotonicMs() + wallMs;
  let cancel = () => {};
  const wait = () => {
    const leftMs = endMs - clock.monotonicMs();
    cancel = leftMs > TIMER_MS_MAX ? clock.after(TIMER_MS_MAX, wait) : clock.after(Math.max(0, leftMs), fire);
  };
  wait();
  return () => cancel();
}

function exitOf(code: number, signal: number): Pick<HolderExit, 'code' | 'signal'> {
  if (signal === 0) return { code, signal: null };
  const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0];
  return { code: null, signal: name ?? `SIG${signal}` };
}
