import { Worker } from 'node:worker_threads';
import { assert, type Fault, messageOf } from '../../../kernel/errors.ts';
import { readOnlyFault } from './failures.ts';
import type { ScribeLink } from './scribe-link.ts';
import { type Answer, decodeError, decodeGroup, encodeAsked, type Opened, type Question } from './thread-messages.ts';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** What the thread reads and answers lives for one group only; a larger young heap would only be memory not given back. */
const YOUNG_HEAP_MB = 8;

/**
 * Starts `program` as a thread, which serves the scribe of `directory` (`serveScribe`). Throws what `openScribe` throws.
 * A thread that ends before it is told to has stopped the log (`log.read_only`): what became of the group it was writing
 * is not known, so that group is refused and nothing more is asked.
 */
export async function openThreadLink(program: string, directory: string): Promise<ScribeLink> {
  const worker = new Worker(program, {
    name: 'log',
    workerData: directory,
    // What this process was started with (a loader, a profiler, a program on standard input) is not meant for the thread.
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_HEAP_MB },
  });
  let waiting: Waiting | undefined;
  let stopped: Fault | undefined;
  let dead = false;
  let closed = false;

  function died(reason: string): void {
    dead = true;
    if (closed) return;
    stopped ??= readOnlyFault(reason);
    waiting?.reject(stopped);
    waiting = undefined;
  }

  worker.on('message', (answer: Answer) => {
    if ('stopped' in answer) {
      stopped ??= decodeError(answer.stopped) as Fault;
      return;
    }
    const asker = waiting;
    waiting = undefined;
    if ('failed' in answer) asker?.reject(decodeError(answer.failed));
    else asker?.resolve(answer.done);
  });
  worker.on('error', (error) => died(`the thread that writes failed: ${messageOf(error)}`));
  const exited = new Promise<void>((resolve) => {
    worker.on('exit', (code) => {
      died(`the thread that writes ended with ${code}`);
      resolve();
    });
  });

  function answered(): Promise<unknown> {
    assert(!waiting, 'the scribe was asked before it had answered');
    return new Promise((resolve, reject) => {
      waiting = { resolve, reject };
    });
  }

  async function ask(question: Question): Promise<unknown> {
    if (stopped) throw stopped;
    const answer = answered();
    worker.postMessage(question);
    return answer;
  }

  async function close(): Promise<void> {
    // A dead thread has nothing open; one whose storage failed closes what it has.
    if (!dead) {
      const answer = answered().finally(() => (closed = true));
      worker.postMessage('close' satisfies Question);
      await answer;
    }
    await exited;
  }

  async function opened(): Promise<Opened> {
    try {
      return (await answered()) as Opened;
    } catch (error) {
      await exited;
      throw error;
    }
  }

  return {
    ...(await opened()),
    write: async (asked) => decodeGroup((await ask(encodeAsked(asked))) as Parameters<typeof decodeGroup>[0]),
    async finish() {
      // Nothing is refused by it; of a thread that dies over it `stopped` tells, and closing goes on.
      await ask('finish').catch(() => {});
    },
    close,
    stopped: () => stopped,
  };
}
