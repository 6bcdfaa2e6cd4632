import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../support/agent-world.ts';
import { CHORES } from '../support/chores.ts';
import { missingFaketime } from '../support/debian.ts';
import { damageIn, eventsIn } from '../support/exported.ts';
import { type Acknowledged, doubledIn, gapsIn, missingFrom } from '../support/ledger.ts';
import { createProduct, type Product, type Up } from '../support/product.ts';
import { makeRepository, SMALL_REPOSITORY } from '../support/repositories.ts';

/** P13: a server that was stopped and wakes when another has taken over; and clocks that jump. */
const ROUNDS = process.env.HEPH_TEST_NIGHTLY === '1' ? 200 : 4;
const TIMEOUT_MS = process.env.HEPH_TEST_NIGHTLY === '1' ? 3_600_000 : 300_000;
const ATTEMPTS_MAX = 1000;
/** A pause may hit anything from the first fact of a workflow to one of its last. */
const TRIGGERS = ['TaskCreated', 'AgentStarted', 'WorkSubmitted', 'MergeStarted', 'CandidateLanded'];

let product: Product;
const acknowledged: Acknowledged[] = [];
afterEach(async () => {
  acknowledged.length = 0;
  expect(await product.end()).toEqual([]);
});

async function startChores(repository: string): Promise<string> {
  const input = { workflow: 'chores', repository, goal: 'Do the chores', agent: 'noop', check: 'true' };
  const answer = await product.operator.command('start_workflow', input);
  acknowledged.push(answer);
  return answer.id;
}

async function completed(workflowId: string): Promise<void> {
  const types = ['WorkflowCompleted', 'WorkflowFailed'];
  const end = await product.operator.until(types, '0', (event) => event.stream === `workflow-${workflowId}`);
  expect(end.type, JSON.stringify(end.data)).toBe('WorkflowCompleted');
}

async function problems(): Promise<string[]> {
  const log = await eventsIn(product.data);
  const found = [await damageIn(product.data), gapsIn(log), missingFrom(log, acknowledged), doubledIn(log)];
  return [...found.flat(), ...ranTwice()];
}

/** The agents' own word. */
function ranTwice(): string[] {
  const ran = readFileSync(join(product.root, 'agents-that-ran'), 'utf8').trimEnd().split('\n');
  const ids = ran.map((line) => line.split(' ')[0] as string);
  return ids.filter((id, n) => ids.indexOf(id) !== n).map((id) => `${id} ran twice`);
}

describe('a server that is stopped while it works, and taken over from', () => {
  it(`cannot write when it wakes, and the work goes on to its end, ${ROUNDS} times`, {
    timeout: TIMEOUT_MS,
  }, async () => {
    product = createProduct({ settings: { HEPH_LIMITS_ATTEMPTS_MAX: '20' } });
    let owner = await product.up();
    product.define('chores', CHORES);
    const repository = await makeRepository(join(product.root, 'repository'), SMALL_REPOSITORY);
    for (let round = 0; round < ROUNDS; round++) {
      const from = await product.operator.head();
      const id = await startChores(repository);
      await product.operator.until([TRIGGERS[round % TRIGGERS.length] as string], from);

      const stopped = owner;
      if (round === 0) await expect(product.up()).rejects.toThrow(/data\.owned/);
      owner = await takeOverFrom(stopped);
      process.kill(stopped.pid, 'SIGCONT');

      expect(await refusalOf(stopped)).toEqual({ status: 503, code: 'log.fenced', health: 503 });
      await completed(id);
      await stopped.stop();
      // What it left is about its successor, who is found by everybody.
      expect((await product.heph('status', '--json')).lines[0]).toMatchObject({ pid: owner.pid });
    }
    expect(await owner.stop()).toBe(0);
    expect(await problems()).toEqual([]);
    console.log(
      `pause: ${ROUNDS} servers stopped, taken over from and woken; ${inTheMiddle} looks met one in the middle of a commit`,
    );
  });
});

let inTheMiddle = 0;

/**
 * Stops a server and starts another in its place. One that was stopped in the middle of a commit holds SQLite's lock,
 * and nobody can take over from it: it goes on for a moment then, and is stopped elsewhere.
 */
async function takeOverFrom({ pid }: Up): Promise<Up> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    process.kill(pid, 'SIGSTOP');
    await until(() => standsStill(pid));
    if (!isCommitting()) return product.up('--take-over');
    if (inTheMiddle++ === 0) await expect(product.up('--take-over')).rejects.toThrow(/data\.owned/);
    process.kill(pid, 'SIGCONT');
  }
  throw new Error(`${ATTEMPTS_MAX} times in the middle of a commit`);
}

/** The signal reaches one thread first, and the one that writes may begin another commit before it stops too. */
function standsStill(pid: number): boolean {
  const states = readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2)[0];
  });
  return states.every((state) => state === 'T');
}

function isCommitting(): boolean {
  const log = new DatabaseSync(join(product.data, 'log.db'), { timeout: 0 });
  try {
    log.exec('BEGIN IMMEDIATE; ROLLBACK');
    return false;
  } catch {
    return true;
  } finally {
    log.close();
  }
}

/** What the server that was taken over from answers to a command of the operator, and to who asks how it is. */
async function refusalOf({ url }: Up): Promise<{ status: number; code: string; health: number }> {
  const token = readFileSync(join(product.data, 'operator.token'), 'utf8').trim();
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ changes: { 'server.idleExitMs': 77_000 } });
  const answer = await fetch(new URL('/api/commands/set_config', url), { method: 'POST', headers, body });
  const { error } = (await answer.json()) as { error?: { code: string } };
  const health = await fetch(new URL('/health', url), { headers });
  return { status: answer.status, code: error?.code ?? 'none', health: health.status };
}

const faketime = missingFaketime();
const DAY_MS = 86_400_000;

describe.skipIf(faketime.missing)(
  `a clock that jumps${faketime.missing ? `: skipped, ${faketime.missing}` : ''}`,
  () => {
    it.each([
      ['two years forward', '+730d', 729 * DAY_MS],
      ['ten days back', '-10d', -10 * DAY_MS],
    ])(
      '%s, while agents work: the order of events is that of their positions, and all work ends',
      async (_name, offset, jumpMs) => {
        product = createProduct({
          settings: {
            LD_PRELOAD: faketime.library,
            FAKETIME_NO_CACHE: '1',
            FAKETIME_DONT_FAKE_MONOTONIC: '1',
            HEPH_LIMITS_ATTEMPTS_MAX: '20',
          },
        });
        // Where the library looks for it.
        const jump = (to: string) => writeFileSync(join(product.root, 'home', '.faketimerc'), `${to}\n`);
        jump('+0d');
        const server = await product.up();
        product.define('chores', CHORES);
        const repository = await makeRepository(join(product.root, 'repository'), SMALL_REPOSITORY);
        const first = await startChores(repository);
        await product.operator.until(['AgentStarted']);
        jump(offset);
        await completed(first);
        await completed(await startChores(repository));
        const events = await product.operator.events();
        expect(await server.stop()).toBe(0);
        expect(await problems()).toEqual([]);

        const [earliest, latest] = [Math.min(...events.map(({ at }) => at)), Math.max(...events.map(({ at }) => at))];
        // Otherwise nothing jumped.
        expect(latest - earliest).toBeGreaterThan(Math.abs(jumpMs) - DAY_MS);
        expect(Math.sign((events.at(-1)?.at ?? 0) - (events[0]?.at ?? 0))).toBe(Math.sign(jumpMs));
        const again = events.filter(({ type }) => ['LeaseExpired', 'AttemptFailed'].includes(type)).length;
        console.log(`clock: ${offset}, ${events.length} events, ${again} attempts given up`);
      },
    );
  },
);
