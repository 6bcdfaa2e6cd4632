import type { AgentScript, Session } from './machine.ts';
import type { Call } from './network.ts';
import { BUGS } from './options.ts';
import { idOf } from './repository.ts';

type Speaker = (name: string, input: Record<string, unknown>, key?: string) => Promise<unknown>;
type Manner = (session: Session, say: Speaker, bugs: number) => Promise<void>;

/** Seeded characters; the share of odd ones is the run's. After `calm` all are diligent. */
export function createScripts(parts: { call: Call; odd: () => number; bugs: number }): AgentScript {
  return async (session) => {
    const { start, token, chance } = session;
    let said = 0;
    const say: Speaker = (name, input, key) => {
      // A tool call of one conversation: repeated by the bridge under its key, never by the agent.
      said += 1;
      return parts.call(token, name, input, { key: key ?? `${start.agentId}:${said}`, alive: session.pause });
    };
    const odd = chance.hit(parts.odd());
    const manner = odd ? chance.pick(Object.values(ODD)) : diligent;
    await manner(session, say, parts.bugs);
  };
}

async function diligent(session: Session, say: Speaker, bugs: number): Promise<void> {
  const { start, chance } = session;
  await session.pause(chance.int(100, 4000));
  session.output();
  // What was mended is good; of what comes first some is not.
  const again = start.prompt.includes(', submission ');
  if (isReview(session)) return review(session, say, !again && chance.hit(0.3) ? 'fail' : 'pass');
  await say('report_progress', { taskId: start.taskId, message: 'begun' });
  await work(session, say, bugs);
  await session.pause(chance.int(100, 4000));
  await say('update_task_status', { taskId: start.taskId, status: 'done', summary: 'done as asked' });
  await session.pause(chance.int(1, 2000));
  session.exit(0);
}

/** Groups the bugs in the first phase, mends those it was given in the others. */
async function work(session: Session, say: Speaker, bugs: number): Promise<void> {
  if (!isInvestigation(session)) return mend(session);
  const several = /"bestOf": (\d+)/.exec(session.start.prompt)?.[1];
  for (const bug of BUGS.slice(0, bugs)) {
    const task = { phase: 'fix', title: `Fix ${bug}`, inputs: { failures: [{ id: idOf(bug) }] } };
    await say('create_task', { ...task, ...(several && bug === 'one' && { candidates: Number(several) }) });
  }
}

function isReview({ start }: Session): boolean {
  return start.prompt.includes('# The criteria');
}

/** Answers every criterion of the result that it was given to judge. */
async function review(session: Session, say: Speaker, verdict: 'pass' | 'fail'): Promise<void> {
  const { start } = session;
  const listed = start.prompt.split('# The criteria')[1]?.split('\n# ')[0] ?? '';
  const criteria = [...listed.matchAll(/^(\d+)\. /gm)].map(([, number]) => ({
    ...{ criterion: Number(number), verdict, evidence: 'looked at it' },
  }));
  await say('submit_result_validation', { taskId: start.taskId, criteria, feedback: 'as it is' });
  session.exit(0);
}

function isInvestigation({ start }: Session): boolean {
  return start.prompt.includes('phase investigate');
}

/** A candidate also leaves a mark, by which it is known in a branch. */
function mend(session: Session): void {
  if (/\(variant \d+\)/.test(session.start.prompt)) session.add(`variant:${session.start.taskId}`);
  if (session.start.prompt.includes('Mend the result')) session.add('page');
  for (const [, bug] of session.start.prompt.matchAll(/test\/(\w+)\.test\.js > /g)) session.fix(bug as string);
}

const done = (taskId: string) => ({ taskId, status: 'done', summary: 'all is well' });

const ODD: Record<string, Manner> = {
  /** As a reviewer never content; else it does as it should. */
  async picky(session, say, bugs) {
    if (!isReview(session)) return diligent(session, say, bugs);
    await session.pause(session.chance.int(10, 3000));
    await review(session, say, 'fail');
  },
  /** Sees the first bug only: the others show when all is verified, and are for a further round. */
  async careless(session, say) {
    await session.pause(session.chance.int(10, 3000));
    await work(session, say, 1);
    await say('update_task_status', done(session.start.taskId));
    session.exit(0);
  },
  async slow(session, say, bugs) {
    for (let n = 0; n < 4; n++) {
      await session.pause(session.chance.int(5_000, 40_000));
      session.output();
    }
    await work(session, say, bugs);
    await say('update_task_status', done(session.start.taskId));
    await session.pause(30_000);
    session.exit(0);
  },
  /** Neither speaks nor ends. */
  async silent() {},
  async wordless(session) {
    await session.pause(session.chance.int(10, 8000));
    mend(session);
    session.exit(0);
  },
  async dying(session, say) {
    await session.pause(session.chance.int(1, 6000));
    if (session.chance.hit(0.5)) await say('report_progress', { taskId: session.start.taskId, message: 'alas' });
    session.exit(1);
  },
  async lying(session, say) {
    await session.pause(session.chance.int(10, 3000));
    if (session.chance.hit(0.5)) session.add('broken:fine');
    await say('update_task_status', done(session.start.taskId));
    session.exit(0);
  },
  async chatty(session, say, bugs) {
    const { taskId } = session.start;
    for (let n = 0; n < 12; n++) {
      session.output();
      await say('report_progress', { taskId, message: `step ${n}`, fraction: n / 12 });
      await say('report_usage', { taskId, inputTokens: 100, outputTokens: 10, costUsd: 0.01 });
    }
    await work(session, say, bugs);
    await say('update_task_status', done(taskId));
    await say('report_usage', { taskId, inputTokens: 1 });
    session.exit(0);
  },
  async hostile(session, say) {
    const { start, chance } = session;
    const answer = { criterion: 1, verdict: 'pass', evidence: 'x' };
    const others = ['tsk_01hzzzzzzzzzzzzzzzzzzzzzzz', 'wfl_01hzzzzzzzzzzzzzzzzzzzzzzz', '../../etc', ''];
    const attempts: [string, Record<string, unknown>][] = [
      ['update_task_status', { taskId: chance.pick(others), status: 'done' }],
      ['cancel_workflow', { workflowId: chance.pick(others) }],
      ['stop_all', { reason: 'because I say so' }],
      ['record_merge', { taskId: start.taskId, commit: 'f'.repeat(40), branch: 'main' }],
      ['pass_validation', { taskId: start.taskId, attempt: 1, check: null, verdict: 'good' }],
      ['create_task', { phase: 'no_such', title: 'x' }],
      ['submit_result', { summary: 'it is done' }],
      ['submit_result_validation', { taskId: start.taskId, criteria: [] }],
      ['submit_result_validation', { taskId: chance.pick(others), criteria: [answer] }],
      ['create_task', { workflowId: chance.pick(others), phase: 'fix', title: 'x' }],
      ['update_task_status', { taskId: start.taskId, status: 'excellent' }],
      ['update_task_status', { taskId: start.taskId, status: 'duplicated', of: start.taskId }],
      ['__proto__', {}],
    ];
    for (const [name, input] of attempts) await say(name, input);
    if (chance.hit(0.5)) session.add('broken:fine');
    await say('update_task_status', done(start.taskId));
  },
  /** Says it several times at once, and goes on writing after it. */
  async repeating(session, say, bugs) {
    const { taskId } = session.start;
    await session.pause(session.chance.int(10, 3000));
    await work(session, say, bugs);
    const report = done(taskId);
    await Promise.all([say('update_task_status', report), say('update_task_status', report)]);
    await say('update_task_status', { ...report, status: 'failed', reason: 'or not' });
    await session.pause(session.chance.int(1, 4000));
    session.add('broken:fine');
    await session.pause(session.chance.int(1, 60_000));
    session.exit(0);
  },
};
