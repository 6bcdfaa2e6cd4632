import type { Ask, Say, Story } from './ask.ts';
import { DRAFTING } from './drafting.ts';
import { edit, findShell, mcp, shell } from './tools.ts';

const BUG = {
  file: 'lib/pricing/tiers/discount.js',
  from: '  if (pieces > 10) return 0.1;',
  to: '  if (pieces >= 10) return 0.1;',
};
const TEST = { file: 'test/pricing/tiers/discount.test.js', name: 'ten pieces are cheaper' };
const fail = (status: number) => (): Say => ({ say: 'error', status, message: `The story says ${status}.` });

/** The bug of the `NESTED_LIBRARY`, found in the phase `investigate` and mended in the phase `fix`, each reported over MCP. */
export const STORIES: Readonly<Record<string, Story>> = {
  fix: { tell: mended, pauseMs: 0 },
  /** The same with a model that takes its time. */
  slow: { tell: mended, pauseMs: 50 },
  /** Tools work; then the model breaks, before anything was reported. */
  breaks: { tell: (ask) => (ask.results.length === 0 ? mended(ask) : fail(400)()), pauseMs: 0 },
  /** Ends at once and pleased. */
  idle: { tell: () => ({ say: 'text', text: 'All done!' }), pauseMs: 0 },
  bad: { tell: fail(400), pauseMs: 0 },
  limited: { tell: fail(429), pauseMs: 0 },
  broken: { tell: fail(500), pauseMs: 0 },
  ...DRAFTING,
  /** The same command again and again, though it says the same each time. */
  circles: {
    tell: (ask) => (findShell(ask) ? shell(ask, 'cat package.json') : { say: 'text', text: 'Looking' }),
    pauseMs: 300,
  },
  endless: { tell: () => ({ say: 'endless' }), pauseMs: 100 },
};

function mended(ask: Ask): Say {
  // A title or a summary is asked for without tools.
  if (!findShell(ask)) return { say: 'text', text: 'A bug in a discount' };
  const steps = ask.prompt.includes('phase investigate') ? investigation(ask) : repair(ask);
  return steps[ask.results.length]?.() ?? { say: 'text', text: 'That is all there is to do.' };
}

function investigation(ask: Ask): (() => Say)[] {
  const failures = [{ id: `${TEST.file} > ${TEST.name}`, ...TEST, message: '0 !== 0.1' }];
  const input = { phase: 'fix', title: 'Ten pieces get no discount', inputs: { failures }, idempotencyKey: 'discount' };
  return [
    () => shell(ask, 'npm test'),
    () => mcp(ask, 'create_task', input),
    () => mcp(ask, 'update_task_status', { status: 'done', summary: 'One test fails; it has a task.' }),
  ];
}

function repair(ask: Ask): (() => Say)[] {
  // The first step tells where it works.
  const place = /^\/\S+$/m.exec(ask.results[0] ?? '')?.[0] ?? '.';
  const summary = 'The tenth piece was not counted: the comparison left it out.';
  return [
    () => shell(ask, 'pwd && cat package.json'),
    ...edit(ask, `${place}/${BUG.file}`, BUG.from, BUG.to),
    () => shell(ask, 'npm test'),
    () => mcp(ask, 'report_progress', { message: 'All tests pass.', fraction: 0.9 }),
    () => mcp(ask, 'update_task_status', { status: 'done', summary }),
  ];
}
