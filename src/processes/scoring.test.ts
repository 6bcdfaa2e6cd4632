import { afterEach, describe, expect, it } from 'vitest';
import { createFakeRunner, type FakeRunner } from '../../tests/support/fake-runner.ts';
import { buildEnd, contest, contestVariant } from '../../tests/support/examples.ts';
import { SERVER } from '../commands/index.ts';
import { Fault, isFailure } from '../kernel/errors.ts';
import type { BestOfN, BestOfNSpec, BuildEnd, Score } from '../machines/best-of-n/index.ts';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';
import { scoring } from './scoring.ts';
import { type ProcessStage, stage } from './test-support.ts';

const stages: ProcessStage[] = [];
afterEach(async () => {
  for (const one of stages.splice(0)) await one.host.stop(1_000);
});

interface Given {
  /** The words that each candidate’s commit has; null: it died. */
  left: (string[] | null)[];
  spec?: Partial<BestOfNSpec>;
  ends?: Partial<BuildEnd>[];
  runner?: FakeRunner;
}

/** A best-of-N whose candidates have ended, and the one process that judges them. */
async function judged({ left, spec = {}, ends = [], runner = fakeRunner() }: Given) {
  const system = await open({ runner });
  await system.host.start();
  const bestOfNId = await held(system, { left, spec, ends });
  const said = (name: string, more: object) => say(system, name, { bestOfNId, ...more });
  return { ...system, bestOfNId, said };
}

const fakeRunner = () => createFakeRunner({ bugs: ['one'], agent: () => {}, now: () => 0 });

/** What the way in would have settled is given as it is. */
const preparations = {
  start_best_of_n: async ({ goal }: { goal: string }, { actorId }: { actorId: string }) => ({
    ...(JSON.parse(goal) as BestOfNSpec),
    bestOfNId: actorId,
  }),
  rescore_best_of_n: async (input: { judgesFrom?: string }) => ({
    ...input,
    ...(input.judgesFrom !== undefined && { judges: input.judgesFrom }),
  }),
};

async function open(parts: Parameters<typeof stage>[1]): Promise<ProcessStage> {
  const opened = await stage([scoring], { ...parts, preparations });
  stages.push(opened);
  return opened;
}

/** Starts one and lets its candidates end; answers its id. */
async function held(system: ProcessStage, { left, spec = {}, ends = [] }: Given): Promise<string> {
  const { runner } = system;
  const repository = { ...contest().repository, baseCommit: runner.base };
  const goal = JSON.stringify(contest({ repository, n: Math.max(1, left.length), ...spec }));
  const bestOfNId = await say(system, 'start_best_of_n', { repository: '.', goal });
  const said = (name: string, more: object) => say(system, name, { bestOfNId, ...more });
  await said('start_mutating', { workflowId: `wfl_${bestOfNId}` });
  for (const index of left.keys()) {
    const directive = index === 0 && spec.directive ? { directive: spec.directive } : {};
    await said('record_variant', { ...contestVariant(index), ...directive, mutateMs: 1, modelMs: 0 });
  }
  for (const index of left.keys()) await said('record_build_started', { index, taskId: `tsk_${index}` });
  for (const [index, words] of left.entries()) {
    const work = words === null ? { outcome: 'died' as const } : runner.commit(...words);
    await said('record_build_ended', { ...buildEnd(index, { ...work, ...ends[index] }) });
  }
  return bestOfNId;
}

/** Answers the id of whom it was said to. */
async function say({ bus }: Pick<ProcessStage, 'bus'>, name: string, input: object): Promise<string> {
  const answer = await bus.execute({ name, input, principal: SERVER });
  if (isFailure(answer)) throw new Error(`${name}: ${answer.message}`);
  return answer.actorId;
}

/** The best-of-N as soon as it is in that state. */
async function until(
  { store, host, bestOfNId }: Pick<ProcessStage, 'store' | 'host'> & { bestOfNId: string },
  fits: (one: BestOfN) => boolean,
) {
  const abort = new AbortController();
  for await (const item of store.subscribe({ after: 0n, signal: abort.signal })) {
    if (item.kind !== 'events') continue;
    await host.waitFor(item.events.at(-1)?.position ?? 0n);
    const found = host.world.bestOfNs.get(bestOfNId)?.context;
    if (found && fits(found)) {
      abort.abort();
      return found;
    }
  }
  throw new Error('the log has ended');
}
const hasVerdict = ({ verdict }: BestOfN) => verdict !== null;
const hasRescored = ({ rescorings }: BestOfN) => rescorings.at(-1)?.result !== null;
const hasAbandoned = ({ rescorings }: BestOfN) => rescorings.at(-1)?.abandoned !== null;

const of = (scores: readonly Score[] | null | undefined, scorer: string) =>
  scores?.find((score) => score.scorer === scorer);
const valuesOf = ({ candidates }: BestOfN, scorer: string) =>
  candidates.map(({ scores }) => of(scores, scorer)?.value ?? null);

describe('each candidate that passed', () => {
  it('is measured by the scorers that count, and by no other', async () => {
    const system = await judged({ left: [[], ['one'], null], spec: { weights: { tests: 1, diff: 1 } } });
    const { candidates, verdict } = await until(system, hasVerdict);
    expect(candidates[0]?.scores?.map(({ scorer }) => scorer)).toEqual(['diff', 'tests']);
    expect(valuesOf({ candidates } as BestOfN, 'tests')).toEqual([1, 0.5, null]);
    expect(verdict?.winner).toBe(0);
    expect(system.runner.calls.filter((call) => /^(mutate|measureChange|runScorer)/.test(call))).toEqual([]);
  });

  it('has what the score rests on beside it', async () => {
    const system = await judged({ left: [[]], spec: { weights: { tests: 1 } } });
    const { candidates } = await until(system, hasVerdict);
    const evidence = await system.blobs.get(of(candidates[0]?.scores, 'tests')?.evidence ?? '');
    expect(JSON.parse(Buffer.from(evidence).toString())).toEqual({ passed: 2, failed: 0, newlyFailing: 0 });
  });

  it('is measured by everything that there is', async () => {
    const weights = { checks: 1, constraints: 1, survival: 1, reuse: 1, time: 1, cost: 1, mine: 1 };
    const directive = {
      ...contest().directive,
      constraints: { ...contest().directive.constraints, allowedImports: [] },
    };
    const scorers = { mine: { command: ['score'], wallMs: 1_000 } };
    const system = await judged({ left: [['imports:lodash'], []], spec: { weights, directive, scorers } });
    const state = await until(system, hasVerdict);
    expect(valuesOf(state, 'constraints')).toEqual([0, 1]);
    expect(valuesOf(state, 'mine')).toEqual([0.5, 1]);
    for (const scorer of Object.keys(weights)) expect(valuesOf(state, scorer)).not.toContain(null);
    expect(state.verdict?.winner).toBe(1);
  });

  it('waits for the others where a scorer compares them, and is judged while they are built where none does', async () => {
    const building = async (weights: Record<string, number>) => {
      const system = await judged({ left: [], spec: { weights, n: 2 } });
      const { runner, said } = system;
      for (const index of [0, 1]) await said('record_variant', { ...contestVariant(index), mutateMs: 1, modelMs: 0 });
      await said('record_build_started', { index: 0, taskId: 'tsk_0' });
      await said('record_build_ended', { ...buildEnd(0, runner.commit()) });
      return system;
    };
    const system = await building({ tests: 1 });
    const { candidates, early } = await until(system, (state) => Boolean(state.candidates[0]?.scores));
    expect([candidates[1]?.end, early]).toEqual([null, null]);
    const compared = await building({ tests: 1, agreement: 1 });
    await compared.host.waitFor(await compared.store.head());
    expect(compared.host.isIdle()).toBe(true);
    expect(compared.host.world.bestOfNs.get(compared.bestOfNId)?.context.candidates[0]?.scores).toBeNull();
  });
});

describe('a candidate that lies', () => {
  it('is judged by the tests of the base when it edited them, or patched what runs them', async () => {
    const left = [['one', 'blind:one'], ['one', 'fake-runner'], []];
    const system = await judged({ left, spec: { weights: { tests: 1, checks: 1 } } });
    const state = await until(system, hasVerdict);
    expect(valuesOf(state, 'tests')).toEqual([0.5, 0.5, 1]);
    expect(valuesOf(state, 'checks')).toEqual([0, 0, 1]);
    expect(state.verdict?.winner).toBe(2);
  });

  it('gains nothing by tests of its own that pass', async () => {
    const left = [['one', 'asks:nothing', 'asks:less'], ['one']];
    const state = await until(await judged({ left, spec: { weights: { tests: 1 } } }), hasVerdict);
    expect(valuesOf(state, 'tests')).toEqual([0.5, 0.5]);
  });
});

describe('cross-judging', () => {
  const weights = { tests: 1, agreement: 1 };

  it('finds the mistake that the tests of the base do not see', async () => {
    const left = [['hidden:edge'], ['asks:hidden:edge'], []];
    const state = await until(await judged({ left, spec: { weights } }), hasVerdict);
    expect(valuesOf(state, 'agreement')).toEqual([0, 0.5, 1]);
    expect(state.verdict?.winner).toBe(2);
    expect(of(state.candidates[2]?.scores, 'agreement')?.words).toContain('what all overlook, none of them tests');
  });

  it('does not use tests that fail on their own author’s code', async () => {
    const system = await judged({ left: [['hidden:edge', 'asks:hidden:edge'], []], spec: { weights } });
    const state = await until(system, hasVerdict);
    expect(valuesOf(state, 'agreement')).toEqual([0, 0]);
    expect(of(state.candidates[1]?.scores, 'agreement')).toMatchObject({ evidence: null });
  });

  it('says whose tests it did not use', async () => {
    const left = [['hidden:edge', 'asks:hidden:edge'], ['asks:hidden:other'], []];
    const system = await judged({ left, spec: { weights } });
    const { candidates } = await until(system, hasVerdict);
    const evidence = await system.blobs.get(of(candidates[2]?.scores, 'agreement')?.evidence ?? '');
    expect(JSON.parse(Buffer.from(evidence).toString())).toEqual({
      runs: [{ testsOf: 1, codeOf: 2, passed: 1, total: 1 }],
      unused: [{ testsOf: 0, why: 'Its own code does not pass them each time.' }],
    });
  });
});

describe('what cannot be measured', () => {
  it('scores 0 with the reason, and holds nothing up', async () => {
    const runner = fakeRunner();
    for (const _candidate of [0, 1]) {
      const broken = new Fault('check.failed_to_run', 'There is no such program.', { retryable: false });
      runner.failNext('measureChange', broken);
    }
    const system = await judged({ left: [[], []], spec: { weights: { reuse: 1, tests: 1 } }, runner });
    const state = await until(system, hasVerdict);
    expect(of(state.candidates[0]?.scores, 'reuse')).toMatchObject({
      ...{ value: 0, evidence: null },
      words: 'It could not be measured: There is no such program.',
    });
    expect(valuesOf(state, 'tests')).toEqual([1, 1]);
  });

  it('is tried again when that may help', async () => {
    const runner = fakeRunner();
    runner.failNext('measureChange', new Fault('git.failed', 'The disk is slow.'));
    const system = await judged({ left: [[]], spec: { weights: { reuse: 1 } }, runner });
    expect(valuesOf(await until(system, hasVerdict), 'reuse')).toEqual([1]);
  });
});

describe('a server that is killed', () => {
  it('at any report leaves the same verdict to the next one, which measures nothing twice', async () => {
    const left = [['hidden:edge'], ['asks:hidden:edge'], []];
    const spec = { weights: { tests: 1, agreement: 1, survival: 1 } };
    const whole = await judged({ left, spec });
    const expected = await until(whole, hasVerdict);
    for (let reports = 0; reports < 3; reports++) {
      const [store, runner, blobs] = [openMemoryStore(), fakeRunner(), createMemoryBlobs()];
      let heard = 0;
      const killed = Promise.withResolvers<void>();
      const first = await open({
        ...{ store, runner, blobs },
        around: (bus) => ({
          async execute(envelope) {
            if (envelope.name !== 'record_scores' || heard++ < reports) return bus.execute(envelope);
            killed.resolve();
            return new Promise(() => {});
          },
        }),
      });
      await first.host.start();
      const bestOfNId = await held(first, { left, spec });
      await killed.promise;
      await first.host.stop(0);
      const next = await open({ store, runner, blobs });
      await next.host.start();
      expect((await until({ ...next, bestOfNId }, hasVerdict)).verdict).toEqual(expected.verdict);
      const checks = runner.calls.filter((call) => call.startsWith('runCheck') || call.startsWith('mutate'));
      expect(checks.sort()).toEqual(
        whole.runner.calls.filter((call) => call.startsWith('runCheck') || call.startsWith('mutate')).sort(),
      );
    }
  });
});

describe('past candidates', () => {
  const completed = async (given: Given) => {
    const system = await judged(given);
    await until(system, hasVerdict);
    await system.said('record_winner_sent', { trainId: 'mtr_1', candidateId: 'cnd_1' });
    await system.said('complete_best_of_n', { commit: 'm1', words: 'Merged.' });
    return system;
  };

  it('are judged by a scorer that was not asked then, and no agent runs', async () => {
    const system = await completed({
      left: [['hidden:edge'], ['asks:hidden:edge'], []],
      spec: { weights: { diff: 1 } },
    });
    expect(system.host.world.bestOfNs.get(system.bestOfNId)?.context.verdict?.winner).toBe(0);
    await system.said('rescore_best_of_n', { score: 'agreement=1' });
    const { verdict, rescorings } = await until(system, hasRescored);
    expect([verdict?.winner, rescorings[0]?.result]).toEqual([
      0,
      expect.objectContaining({ winner: 2, differs: true }),
    ]);
    expect(system.runner.calls.some((call) => call.startsWith('startAgent'))).toBe(false);
  });

  it('are judged by the tests of another branch', async () => {
    const runner = fakeRunner();
    const system = await completed({ left: [['one'], []], spec: { weights: { diff: 1 } }, runner });
    const { commit } = runner.commit('one');
    await system.said('rescore_best_of_n', { score: 'tests=1', judgesFrom: commit });
    const { rescorings } = await until(system, hasRescored);
    expect(rescorings[0]?.result).toMatchObject({ winner: 1, differs: true });
    expect(rescorings[0]?.rescored.map(({ index, passed }) => [index, passed]).sort()).toEqual([
      [0, false],
      [1, true],
    ]);
    expect(runner.calls).toContain(`openRun ${commit}`);
  });

  it('are measured once more when that is asked for', async () => {
    const system = await completed({ left: [[], []], spec: { weights: { tests: 1 } } });
    const checks = () => system.runner.calls.filter((call) => call.startsWith('runCheck')).length;
    const before = checks();
    await system.said('rescore_best_of_n', { measure: true });
    await until(system, hasRescored);
    expect(checks()).toBeGreaterThan(before);
  });

  it('are judged by the next server where one was killed in the middle of it', async () => {
    const [store, runner, blobs] = [openMemoryStore(), fakeRunner(), createMemoryBlobs()];
    const killed = Promise.withResolvers<void>();
    let heard = 0;
    const first = await open({
      ...{ store, runner, blobs },
      around: (bus) => ({
        async execute(envelope) {
          if (envelope.name !== 'record_rescore' || heard++ === 0) return bus.execute(envelope);
          killed.resolve();
          return new Promise(() => {});
        },
      }),
    });
    await first.host.start();
    const bestOfNId = await held(first, { left: [[], ['one'], []], spec: { weights: { diff: 1 } } });
    await until({ ...first, bestOfNId }, hasVerdict);
    await say(first, 'record_winner_sent', { bestOfNId, trainId: 'mtr_1', candidateId: 'cnd_1' });
    await say(first, 'complete_best_of_n', { bestOfNId, commit: 'm1', words: 'Merged.' });
    await say(first, 'rescore_best_of_n', { bestOfNId, score: 'tests=1' });
    await killed.promise;
    await first.host.stop(0);
    const next = await open({ store, runner, blobs });
    await next.host.start();
    const { rescorings } = await until({ ...next, bestOfNId }, hasRescored);
    expect(rescorings[0]?.result).toMatchObject({ winner: 0, differs: false });
    expect(rescorings[0]?.rescored.map(({ index }) => index).sort()).toEqual([0, 1, 2]);
  });

  it('are given up with the reason when they cannot be judged', async () => {
    const runner = fakeRunner();
    const system = await completed({ left: [[], []], spec: { weights: { tests: 1 } }, runner });
    const gone = new Fault('git.failed', 'The commit is gone.', { retryable: false });
    runner.failNext('openRun', gone);
    runner.failNext('openRun', gone);
    await system.said('rescore_best_of_n', { judgesFrom: runner.commit('one').commit });
    const { rescorings } = await until(system, hasAbandoned);
    expect(rescorings[0]?.abandoned).toContain('cannot be judged again: The commit is gone.');
  });
});

describe('lineage', () => {
  it('looks at who had won on the same repository before', async () => {
    const spec = { weights: { lineage: 1, tests: 1 } };
    const system = await judged({ left: [[], []], spec });
    const first = await until(system, hasVerdict);
    expect(valuesOf(first, 'lineage')).toEqual([0, 0]);
    await system.said('record_winner_sent', { trainId: 'mtr_1', candidateId: 'cnd_1' });
    await system.said('complete_best_of_n', { commit: 'm1', words: 'Merged.' });
    const bestOfNId = await held(system, { left: [[], []], spec });
    const values = valuesOf(await until({ ...system, bestOfNId }, hasVerdict), 'lineage');
    expect(values[0]).toBe(1);
    expect(values[1]).toBeLessThan(1);
  });
});
