import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { createProduct, type Product, type Up } from './product.ts';
import { git, makeRepository, MISLEADING_LIBRARY } from './repositories.ts';
import { ROOT } from './source-files.ts';
import { type ToldAgent, type ToldAgents, toldAgents } from './told-agent.ts';

/** A workspace with something of everything in it: what is done, what works, what waits, what has failed. */
export interface Scene {
  product: Product;
  server: Up;
  /** A repair of the demo's repository, completed and delivered; null where none was wanted. */
  repair: string | null;
  /** A best of three, judged. */
  bestOfN: string;
  /** A run that is under way. */
  upkeep: string;
  /** Prints, has changed files, and waits to be told more. */
  busy: ToldAgent;
  told: ToldAgents;
  end(): Promise<void>;
}

const UPKEEP: Record<string, string> = {
  'workflow.yaml': 'title: Upkeep\nphases:\n  - plan\n  - work\n',
  'plan.md': phase('What is to be done is known.', 'plan', 'starts_with: one_task\nchanges: none\n'),
  'work.md': phase('Each piece is done.', 'work', 'changes: optional\n'),
};
const PIECES = [
  ['Move the parser to the new tokenizer', 'high'],
  ['Write down how totals are rounded', 'medium'],
  ['Say which currency a total is in', 'medium'],
  ['Drop the helper that nobody calls', 'low'],
  ['Bring the examples of the manual up to date', 'low'],
] as const;
/** Two at once, so that some wait. */
const CAP = 2;

/** Waits for facts only; takes as long as a best of three takes, and a repair where one is wanted. */
export async function makeScene({ repaired = false } = {}): Promise<Scene> {
  const told = await toldAgents();
  const product = createProduct({
    agents: { scripted: told.preset },
    // Looked at each second, so that there is something to see of their coherence.
    settings: { HEPH_FLEET_CAP: String(CAP), HEPH_LIMITS_ATTEMPTS_MAX: '1', HEPH_GUARDIAN_INTERVAL_MS: '1000' },
  });
  const end = async () => {
    told.close();
    await product.end();
  };
  try {
    const server = await product.up();
    product.define('upkeep', UPKEEP);
    const library = await demoLibrary(product);
    const shipping = await makeRepository(join(product.root, 'shipping'), MISLEADING_LIBRARY);
    const bugfix = { workflow: 'bugfix', repository: library, goal: 'Make the tests pass' };
    const repair = repaired ? await completed(product, 'start_workflow', bugfix) : null;
    const bestOfN = await completed(product, 'start_best_of_n', {
      ...{ n: 3, repository: shipping, goal: 'Charge half for what is far', score: 'tests=1,constraints=1' },
      constraints: { allowedFiles: ['lib/zone.js'] },
    });
    const { upkeep, busy } = await startUpkeep(product, told, library);
    return { product, server, repair, bestOfN, upkeep, busy, told, end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function demoLibrary(product: Product): Promise<string> {
  const path = await makeRepository(join(product.root, 'library'), { 'README.md': 'Prices.\n' });
  cpSync(join(ROOT, 'demo', 'repository'), path, { recursive: true });
  await git(path, 'add', '--all');
  await git(path, 'commit', '--quiet', '--message=A small library whose tests fail');
  return path;
}

/** The id of what was started, once its run has ended well. */
async function completed({ operator }: Product, name: string, input: object): Promise<string> {
  const { id, position } = await operator.command(name, input);
  const end = await operator.until(['WorkflowCompleted', 'WorkflowFailed', 'WorkflowCancelled'], position);
  if (end.type !== 'WorkflowCompleted') throw new Error(`${name}: ${end.type} ${JSON.stringify(end.data)}`);
  return id;
}

async function startUpkeep({ operator }: Product, told: ToldAgents, repository: string) {
  const { id: upkeep, position } = await operator.command('start_workflow', {
    ...{ workflow: 'upkeep', repository, goal: 'Get ready for the next release', agent: 'scripted', check: 'npm test' },
  });
  const planner = await told.next();
  await planner.print('Reading the list of what is open …\r\n');
  for (const [title, priority] of PIECES) await planner.speak('create_task', { phase: 'work', title, priority });
  await planner.speak('report_usage', { inputTokens: 18_200, outputTokens: 2_400, costUsd: 0.11 });
  await planner.finish('Five pieces of work, none of which touches another.');

  const [busy, other] = byTitle([await told.next(), await told.next()], [PIECES[0][0], PIECES[1][0]]);
  await other.print('This needs a decision that is not mine.\r\n');
  await other.speak('report_usage', { inputTokens: 6_100, outputTokens: 700, costUsd: 0.04 });
  await other.speak('update_task_status', {
    ...{ status: 'failed', reason: 'The specification does not say whether halves are rounded up or to even.' },
  });
  await other.exit(1);
  await operator.until(['TaskFailed'], position);
  const next = await told.next();
  await next.print('Looking for the places where a currency is named …\r\n');
  await next.speak('report_progress', { message: 'Two of three places found.', fraction: 0.6 });
  await work(busy);
  await operator.until(['AgentJudged'], position);
  return { upkeep, busy };
}

async function work(agent: ToldAgent): Promise<void> {
  await agent.print('\u001b[1mMove the parser to the new tokenizer\u001b[0m\r\n\r\n');
  await agent.print('\u001b[36m●\u001b[0m Read src/parse.js, src/tokens.js, test/parse.test.js\r\n');
  await agent.write({
    'src/tokens.js': TOKENS,
    'docs/parser.md': '# The parser\n\nIt reads tokens, not characters.\n',
  });
  await agent.print('\u001b[36m●\u001b[0m Wrote src/tokens.js \u001b[32m+9\u001b[0m\r\n');
  await agent.print('\u001b[36m●\u001b[0m npm test\r\n');
  for (const name of ['keeps empty fields', 'reads a quoted comma', 'says where a quote is open'])
    await agent.print(`  \u001b[32m✔\u001b[0m parse > ${name}\r\n`);
  await agent.print('  \u001b[31m✖\u001b[0m parse > reads numbers with a group mark\r\n');
  await agent.speak('report_progress', { message: 'Three of four kinds of field go through tokens.', fraction: 0.75 });
  await agent.speak('report_usage', { inputTokens: 42_000, outputTokens: 5_300, costUsd: 0.29 });
  await agent.print('\u001b[33m●\u001b[0m Numbers with a group mark are left …\r\n');
}

function byTitle(agents: ToldAgent[], titles: string[]): [ToldAgent, ToldAgent] {
  const found = titles.map((title) => agents.find(({ prompt }) => prompt.includes(title)));
  if (found.some((agent) => !agent)) throw new Error('other pieces were begun than those that were to be');
  return found as [ToldAgent, ToldAgent];
}

function phase(goal: string, role: string, more: string): string {
  const tools = '[create_task, update_task_status, report_progress, report_usage]';
  return `---\ngoal: ${goal}\nrole: ${role}\n${more}checks: none\nallowed_tools: ${tools}\n---\nDo it.\n`;
}

const TOKENS = `/** A line in pieces: fields, separators, quotes. */
export function* tokens(line) {
  let from = 0;
  for (const { index } of line.matchAll(/[,"]/g)) {
    if (index > from) yield line.slice(from, index);
    yield line[index];
    from = index + 1;
  }
  if (from < line.length) yield line.slice(from);
}
`;
