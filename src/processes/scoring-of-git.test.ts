import { expect, it, onTestFinished } from 'vitest';
import { buildEnd, contest, contestVariant } from '../../tests/support/examples.ts';
import { createFakeRunner } from '../../tests/support/fake-runner.ts';
import { SERVER } from '../commands/index.ts';
import { isFailure } from '../kernel/errors.ts';
import type { BestOfN, BestOfNSpec } from '../machines/best-of-n/index.ts';
import { openJob, type Tree, write } from '../runtime/worktrees/adapters/test-support.ts';
import { scoring } from './scoring.ts';
import { stage } from './test-support.ts';

const NODE = process.execPath;
/** A fault, tests that see half of it, and a scorer of the user's own. */
const BASE: Tree = {
  'package.json': '{"type":"module","scripts":{"test":"node --test"}}\n',
  'src/add.js': 'export const add = (a, b) => a - b;\n',
  'src/sum.js':
    "import { add } from './add.js';\nexport function sum(list) {\n  return list.reduce((all, one) => add(all, one), 0);\n}\n",
  'test/add.test.js':
    "import test from 'node:test';\nimport assert from 'node:assert';\nimport { add } from '../src/add.js';\ntest('adds', () => assert.equal(add(1, 2), 3));\ntest('is there', () => assert.ok(add));\n",
  'score.js':
    "import { execFileSync } from 'node:child_process';\nconst out = execFileSync(process.execPath, ['-e', \"import('./src/sum.js').then(({ sum }) => process.stdout.write(String(sum([4, 5, 6]))))\"], { encoding: 'utf8' });\nconsole.log(out === '15' ? 1 : 0);\n",
};
const RIGHT = 'export const add = (a, b) => a + b;\n';
const NEW_TEST =
  "import test from 'node:test';\nimport assert from 'node:assert';\nimport { add } from '../src/add.js';\ntest('adds others', () => assert.equal(add(4, 5), 9));\n";

/** What each candidate leaves. */
const CANDIDATES: Tree[] = [
  // What the tests that there are see, and nothing else.
  { 'src/add.js': 'export const add = () => 3;\n' },
  { 'src/add.js': RIGHT, 'test/others.test.js': NEW_TEST },
  { 'src/add.js': RIGHT },
  // Every judge that it can reach says that all is well.
  {
    'test/add.test.js': "import test from 'node:test';\ntest('adds', () => {});\ntest('is there', () => {});\n",
    'score.js': 'console.log(1);\n',
    'package.json': '{"type":"module","scripts":{"test":"node -e 0"}}\n',
    'src/add.js': 'console.log(1); export const add = (a, b) => a - b;\n',
  },
];

it('candidates in git are told apart by judges that none of them wrote', async () => {
  const job = await openJob(BASE);
  const { hands, repositoryId, base, user } = job;
  const fake = createFakeRunner({ bugs: [], agent: () => {}, now: () => 0 });
  const spec: BestOfNSpec = contest({
    n: CANDIDATES.length,
    repository: { repositoryId, path: user.path, baseBranch: 'main', baseCommit: base },
    weights: { tests: 2, agreement: 2, mine: 1, constraints: 1, reuse: 1 },
    scorers: { mine: { command: [NODE, 'score.js'], wallMs: 30_000 } },
    check: 'npm test',
  });
  const system = await stage([scoring], {
    runner: { ...fake, ...hands },
    preparations: {
      start_best_of_n: async (_input: unknown, { actorId }: { actorId: string }) => ({ ...spec, bestOfNId: actorId }),
    },
  });
  await system.host.start();
  onTestFinished(() => system.host.stop(10_000));
  const say = async (name: string, input: object) => {
    const answer = await system.bus.execute({ name, input, principal: SERVER });
    if (isFailure(answer)) throw new Error(answer.message);
    return answer.actorId;
  };
  const bestOfNId = await say('start_best_of_n', { repository: '.', goal: 'Mend it' });
  await say('start_mutating', { bestOfNId, workflowId: 'wfl_1' });
  for (const index of CANDIDATES.keys())
    await say('record_variant', { bestOfNId, ...contestVariant(index), mutateMs: 1, modelMs: 0 });
  for (const [index, tree] of CANDIDATES.entries()) {
    const taskId = `tsk_${index}`;
    const { path } = await hands.prepareWorktree({ taskId, repositoryId, branch: `heph/${taskId}`, commit: base });
    write(path, tree);
    const { commit, tree: made } = await hands.keepTree({ taskId, repositoryId, turn: 1, base, message: taskId });
    await say('record_build_started', { bestOfNId, index, taskId });
    await say('record_build_ended', { bestOfNId, ...buildEnd(index, { commit, tree: made }) });
  }
  const ended = await new Promise<BestOfN>((resolve, reject) => {
    const abort = new AbortController();
    const follow = async () => {
      for await (const item of system.store.subscribe({ signal: abort.signal })) {
        const last = item.kind === 'events' ? item.events.at(-1) : undefined;
        if (!last || last.type !== 'WinnerSelected') continue;
        await system.host.waitFor(last.position);
        resolve(system.host.world.bestOfNs.get(bestOfNId)?.context as BestOfN);
        abort.abort();
      }
    };
    follow().catch(reject);
  });
  const values = (scorer: string) =>
    ended.candidates.map(({ scores }) => scores?.find((one) => one.scorer === scorer)?.value);
  expect(values('tests')).toEqual([1, 1, 1, 0.5]);
  expect(values('agreement')).toEqual([0, 0.5, 1, 0]);
  expect(values('mine')).toEqual([0, 1, 1, 0]);
  expect(values('constraints')).toEqual([1, 1, 1, 1]);
  expect(ended.verdict?.winner).toBe(2);
  expect(ended.candidates.every(({ judgeMs }) => (judgeMs ?? 0) > 0)).toBe(true);
});
