import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lives, until } from '../support/agent-world.ts';
import { damageIn, eventsIn } from '../support/exported.ts';
import { doubledIn, gapsIn } from '../support/ledger.ts';
import { processesOf, wordsOf } from '../support/leftovers.ts';
import type { Told } from '../support/operator.ts';
import { createProduct, type Product } from '../support/product.ts';
import { git, makeRepository } from '../support/repositories.ts';

const LIBRARY = fileURLToPath(new URL('../../demo/repository', import.meta.url));
let product: Product;
let repository: string;

beforeEach(async () => {
  product = createProduct();
  repository = join(product.root, 'repository');
  cpSync(LIBRARY, repository, { recursive: true });
  await makeRepository(repository, {});
});
afterEach(async () => {
  expect(await product.end()).toEqual([]);
});

/** The agents that the log knows to have started and not to have ended, with their processes. */
function livingIn(events: readonly Told[]): Map<string, { holderPid: number; pid: number }> {
  const living = new Map<string, { holderPid: number; pid: number }>();
  for (const { type, stream, data } of events) {
    if (type === 'AgentStarted') living.set(stream, data as { holderPid: number; pid: number });
    if (['AgentExited', 'AgentLost', 'AgentFailed'].includes(type)) living.delete(stream);
  }
  return living;
}

/** A process that an agent is just starting bears the agent's own words until it becomes another program. */
const agentsOf = (root: string) => {
  const pids = processesOf(root).filter((pid) => wordsOf(pid).includes('--worktree'));
  return pids.filter((pid) => !pids.includes(parentOf(pid)));
};

/** Of one that is gone meanwhile: nobody. */
function parentOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1]);
  } catch {
    return 0;
  }
}

describe('the main job, its server killed while agents work, while work is judged and while it is merged', () => {
  it('goes on by itself to its end, with the agents that went on meanwhile', async () => {
    let server = await product.up();
    const { id } = await product.operator.command('start_workflow', {
      ...{ workflow: 'bugfix', repository, goal: 'Make the tests pass' },
    });

    // While agents work: all three fixing ones live.
    let from = '0';
    for (let n = 0; n < 4; n++) from = (await product.operator.until(['AgentStarted'], from)).position;
    const before = livingIn(await product.operator.events());
    expect(before.size).toBe(3);
    await server.kill();
    expect([...before.values()].filter(({ pid }) => lives(pid)).length).toBeGreaterThan(0);
    const ran = new Set([...before.values()].filter(({ pid }) => lives(pid)).map(({ pid }) => pid));
    server = await product.up();
    const status = (await product.heph('status', '--json')).lines[0] as {
      agents: { pid: number; holderPid: number }[];
    };
    for (const { pid } of status.agents) expect([...before.values()].map((agent) => agent.pid)).toContain(pid);
    // None was started in the place of one that had gone on.
    for (const pid of agentsOf(product.root)) expect([...ran]).toContain(pid);

    // While work is judged: its tree is kept, its checks run.
    await product.operator.until(
      ['TreeKept'],
      from,
      (event) => event.meta.scope?.taskId !== undefined && event.data.commit !== null,
    );
    await server.kill();
    server = await product.up();

    // While it is merged.
    await product.operator.until(['MergeStarted'], from);
    await server.kill();
    server = await product.up();

    const end = await product.operator.until(['WorkflowCompleted', 'WorkflowFailed', 'WorkflowCancelled'], from);
    expect(end, JSON.stringify(end.data)).toMatchObject({ type: 'WorkflowCompleted', stream: `workflow-${id}` });
    expect(product.kills).toBe(3);
    expect(await server.stop()).toBe(0);

    const log = await eventsIn(product.data);
    expect([...(await damageIn(product.data)), ...gapsIn(log), ...doubledIn(log)]).toEqual([]);
    const count = (type: string) => log.filter((event) => event.type === type).length;
    // One attempt each: nobody was lost, nobody was started twice.
    expect([count('AgentStarted'), count('AgentExited'), count('AgentLost'), count('AttemptFailed')]).toEqual([
      4, 4, 0, 0,
    ]);
    expect([count('TaskMerged'), count('CandidateLanded')]).toEqual([3, 4]);
    const fixes = await git(repository, 'log', '--no-merges', '--format=%H', 'main', '--', 'src');
    expect(fixes.split('\n')).toHaveLength(1 + 3);
    // An ended holder has its code cache to write; then nothing of all that is left.
    await until(() => processesOf(product.root).length === 0);
  });
});
