import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHORES } from '../support/chores.ts';
import { damageIn, eventsIn, type Exported } from '../support/exported.ts';
import { type Acknowledged, doubledIn, gapsIn, missingFrom } from '../support/ledger.ts';
import { createProduct, type Product, type Up } from '../support/product.ts';
import { git, makeRepository, SMALL_REPOSITORY } from '../support/repositories.ts';
import { seeded } from '../support/seeded.ts';

const ROUNDS = Number(process.env.HEPH_TEST_KILL_ROUNDS ?? 50);
const SEED = Number(process.env.HEPH_TEST_SEED ?? Date.now() % 1_000_000);
const OPEN_WORKFLOWS = 3;
const AFTER_TRIGGER_MS = 12;

/** Facts next to an append, an effect or a report: a kill follows one of them by a few milliseconds. */
const TRIGGERS = [
  ...['WorkflowStarted', 'RunOpened', 'PhaseStarted', 'TaskCreated', 'SlotGranted', 'TaskAssigned'],
  ...['AgentRequested', 'PreparationStarted', 'WorktreeReady', 'PromptSent', 'AgentStarted', 'TaskStarted'],
  ...['WorkSubmitted', 'AgentExited', 'SlotReleased', 'TreeKept', 'ValidationPassed', 'CandidateQueued'],
  ...['MergeStarted', 'CandidateMerged', 'CandidateLanded', 'TaskMerged', 'PhaseCompleted', 'DeliveryStarted'],
];

let product: Product;
let repository: string;
const acknowledged: Acknowledged[] = [];
const triggers = new Set<string>();

beforeAll(async () => {
  product = createProduct({ settings: { HEPH_FLEET_CAP: '6', HEPH_LIMITS_ATTEMPTS_MAX: '20' } });
  repository = await makeRepository(join(product.root, 'repository'), SMALL_REPOSITORY);
});
afterAll(async () => {
  expect(await product.end()).toEqual([]);
});

describe(`a server that is killed ${ROUNDS} times (HEPH_TEST_SEED=${SEED})`, () => {
  it('keeps every acknowledged command, doubles no effect, and ends all its work', async () => {
    const random = seeded(SEED);
    for (let round = 0; round < ROUNDS; round++) {
      const server = await product.up();
      if (round === 0) product.define('chores', CHORES);
      await killed(server, random);
      expect(await problems(), `after kill ${round + 1}`).toEqual([]);
    }
    expect(product.kills).toBe(ROUNDS);
    // Kills at one and the same point would prove little.
    expect(triggers.size).toBeGreaterThan(Math.min(ROUNDS, TRIGGERS.length) / 3);
    expect(acknowledged.length).toBeGreaterThan(ROUNDS);

    const server = await product.up();
    await Promise.all([...(await openWorkflows())].map(ended));
    expect(await server.stop()).toBe(0);

    const log = await eventsIn(product.data);
    expect(await problems(log)).toEqual([]);
    expect(await deliveredOnce(log)).toEqual([]);
    expect(agentsThatRan(log)).toEqual([]);
  });

  it('would be found out if it had lost, doubled or moved something', async () => {
    const log = await eventsIn(product.data);
    const real = acknowledged[0] as Acknowledged;
    expect(missingFrom(log, [real])).toEqual([]);
    expect(missingFrom(log, [{ ...real, events: ['ConfigForged'] }])).not.toEqual([]);
    expect(missingFrom(log, [{ ...real, position: String(Number(real.position) + 1) }])).not.toEqual([]);
    expect(missingFrom(log, [{ ...real, position: String(log.length + 1) }])).not.toEqual([]);
    expect(missingFrom(log, [{ ...real, commandId: 'cmd_forged' }])).not.toEqual([]);
    const start = log.find((event) => event.type === 'AgentStarted') as Exported;
    expect(doubledIn([...log, start])).not.toEqual([]);
    expect(gapsIn(log.filter((event) => event !== start))).not.toEqual([]);
    expect(await deliveredOnce(log.filter((event) => event.type !== 'WorkflowCompleted'))).not.toEqual([]);
    expect(agentsThatRan(log.filter((event) => event.type !== 'AgentStarted'))).not.toEqual([]);
  });
});

/** One round: work is added and commands are sent without a pause, until the kill. */
async function killed(server: Up, random: () => number): Promise<void> {
  const trigger = TRIGGERS[Math.floor(random() * TRIGGERS.length)] as string;
  const delayMs = random() * AFTER_TRIGGER_MS;
  const from = await product.operator.head();
  const sending = sendUntilGone(from);
  // A workflow that ends is the last resort: what was chosen may be over for all that are open.
  const seen = product.operator.until([trigger, 'WorkflowCompleted'], from);
  for (let n = (await openWorkflows()).size; n < OPEN_WORKFLOWS; n++) await startChores();
  triggers.add((await seen).type);
  // The only pause there is: it chooses the instant of the crash.
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  await server.kill();
  await sending;
}

let sent = 0;
/** Sent and not answered: whether it happened is unknown, and saying it again under its key makes it happen once. */
let unanswered: string[] = [];

async function startChores(): Promise<void> {
  const input = { workflow: 'chores', repository, goal: 'Do the chores', agent: 'noop', check: 'true' };
  acknowledged.push(await product.operator.command('start_workflow', input, `chores-${sent++}`));
}

/** A command beside everything that happens, its answer written down, until the server does not answer any more. */
async function sendUntilGone(from: string): Promise<void> {
  for (let after = from; ; ) {
    const key = unanswered[0] ?? `setting-${sent++}`;
    unanswered = [key];
    try {
      acknowledged.push(await product.operator.command('set_config', { changes: settingOf(key) }, key));
      unanswered = [];
      after = (await product.operator.until(TRIGGERS, after)).position;
    } catch (error) {
      // How a lost connection is told.
      if (error instanceof TypeError) return;
      throw error;
    }
  }
}

/** A change that changes nothing for the work: its value is the key's own number. */
function settingOf(key: string): Record<string, number> {
  return { 'server.idleExitMs': 60_000 + Number(key.slice('setting-'.length)) };
}

async function openWorkflows(): Promise<Set<string>> {
  const types = ['WorkflowStarted', 'WorkflowCompleted', 'WorkflowFailed'];
  const found = new Set<string>();
  for (const { type, meta } of await product.operator.events({ types })) {
    const id = meta.scope?.workflowId as string;
    if (type === 'WorkflowStarted') found.add(id);
    else found.delete(id);
  }
  return found;
}

async function ended(workflowId: string): Promise<void> {
  const end = await product.operator.until(
    ['WorkflowCompleted', 'WorkflowFailed'],
    '0',
    (event) => event.meta.scope?.workflowId === workflowId,
  );
  expect(end.type, JSON.stringify(end.data)).toBe('WorkflowCompleted');
}

async function problems(log?: Exported[]): Promise<string[]> {
  const events = log ?? (await eventsIn(product.data));
  return [
    ...(await damageIn(product.data)),
    ...gapsIn(events),
    ...missingFrom(events, acknowledged),
    ...doubledIn(events),
  ];
}

/** The repository's own word: each task's file came into `main` by one commit, and there are as many as were merged. */
async function deliveredOnce(log: readonly Exported[]): Promise<string[]> {
  const of = (type: string) => log.filter((event) => event.type === type);
  const files = (await git(repository, 'ls-tree', '--name-only', 'main'))
    .split('\n')
    .filter((one) => one.endsWith('.txt'));
  const added = (await git(repository, 'log', '--no-merges', '--diff-filter=A', '--format=', '--name-only', 'main'))
    .split('\n')
    .filter((one) => one.endsWith('.txt'));
  const merged = of('TaskMerged').map((event) => `${event.stream.slice('task-'.length)}.txt`);
  return [
    added.length !== new Set(added).size && 'a file was added twice',
    files.sort().join() !== merged.sort().join() &&
      `${files.length} files are in main, ${merged.length} tasks were merged`,
    of('WorkflowStarted').length !== of('WorkflowCompleted').length && 'a workflow did not complete',
  ].filter((problem): problem is string => problem !== false);
}

/** The agents' own word: each ran once, and each is in the log. */
function agentsThatRan(log: readonly Exported[]): string[] {
  const ran = readFileSync(join(product.root, 'agents-that-ran'), 'utf8').trimEnd().split('\n');
  const ids = ran.map((line) => line.split(' ')[0] as string);
  const started = new Set(
    log.filter((event) => event.type === 'AgentStarted').map((event) => event.stream.slice('agent-'.length)),
  );
  return [
    ...ids.filter((id, n) => ids.indexOf(id) !== n).map((id) => `${id} ran twice`),
    ...ids.filter((id) => !started.has(id)).map((id) => `${id} ran and the log does not know it`),
  ];
}
