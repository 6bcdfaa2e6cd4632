import { join } from 'node:path';
import { createProduct, type Product, type Up } from '../../tests/support/product.ts';
import { makeRepository, SMALL_REPOSITORY } from '../../tests/support/repositories.ts';
import { AS_TOLD, type ToldAgent, type ToldAgents, toldAgents } from '../../tests/support/told-agent.ts';

/** A server with many tasks in its queue, a long timeline, and an agent that prints what it is told to. */
export interface LargeWorkspace {
  product: Product;
  server: Up;
  agent: ToldAgent;
  workflowId: string;
  end(): Promise<void>;
}

/** At a time: the server takes them as they come, and a socket each is enough. */
const AT_ONCE = 16;

/** `events`: how many there are at the least, those of the tasks among them. */
export async function makeLargeWorkspace({
  tasks,
  events,
}: {
  tasks: number;
  events: number;
}): Promise<LargeWorkspace> {
  const told: ToldAgents = await toldAgents();
  const product = createProduct({
    agents: { scripted: told.preset },
    settings: { HEPH_FLEET_CAP: '1', HEPH_LIMITS_TASKS_PER_WORKFLOW_MAX: String(tasks + 1) },
  });
  const end = async () => {
    told.close();
    await product.end();
  };
  try {
    const server = await product.up();
    product.define('as-told', AS_TOLD);
    const repository = await makeRepository(join(product.root, 'repository'), SMALL_REPOSITORY);
    const { operator } = product;
    const { id: workflowId } = await operator.command('start_workflow', {
      ...{ workflow: 'as-told', repository, goal: 'Be many', agent: 'scripted', check: 'true' },
    });
    const agent = await told.next();
    await manyTimes(tasks, (n) =>
      operator.command('create_task', { workflowId, phase: 'work', title: `Piece ${n} of the work that waits` }),
    );
    const missing = events - Number(await operator.head());
    await manyTimes(Math.max(0, missing), (n) =>
      operator.command('report_progress', { taskId: agent.taskId, message: `Step ${n} of very many`, fraction: null }),
    );
    return { product, server, agent, workflowId, end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function manyTimes(count: number, work: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
