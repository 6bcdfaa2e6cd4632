import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { impatientClock } from '../../tests/support/impatient-clock.ts';
import { type ModelServer, startModelServer } from '../../tests/support/model-server/index.ts';
import { startSystem, type TestSystem } from '../../tests/support/system.ts';
import { replay } from '../actors/replay.ts';
import { type BestOfNSpec, type Drafting, type PlannedVariant, planVariants } from '../machines/best-of-n/index.ts';
import { createOpenAiModel } from '../runtime/models/adapters/openai.ts';
import type { Model } from '../runtime/models/model.ts';
import type { EventStore } from '../store/event-store.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';

const WALL_MS = 60_000;
const KEY = 'sk-very-secret-0123456789';
const REQUEST = {
  ...{ n: 4, repository: '/repo', goal: 'Make the tests pass', agents: ['claude'] },
  constraints: { maxLines: 30, allowedFiles: ['src/**'], allowedImports: [] },
};
type Request = Partial<typeof REQUEST>;

let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer();
});
afterAll(() => server.close());
const systems: TestSystem[] = [];
afterEach(async () => {
  for (const system of systems.splice(0)) await system.stop(1000);
});

async function open(story: string, more: { store?: EventStore; model?: Model; settings?: object } = {}) {
  const { clock, timeIsUp } = impatientClock(WALL_MS);
  const system = await startSystem({
    model: createOpenAiModel({ clock, environment: { MY_KEY: KEY } }),
    ...more,
    settings: {
      'model.name': 'writer',
      'model.baseUrl': `${server.address(story)}/v1`,
      'model.keyVariable': 'MY_KEY',
      'model.wallMs': WALL_MS,
      ...more.settings,
    },
  });
  systems.push(system);
  return { system, timeIsUp };
}

/** What the model wrote for a best-of-N, and the variants that were planned. */
async function drafted(story: string, differs: Request = {}) {
  const { system, timeIsUp } = await open(story);
  if (story === 'endless') timeIsUp();
  const spec = await begin(system, differs);
  await system.until('BuildingStarted');
  const [written] = await system.events('DraftsWritten');
  const planned = await system.events('VariantPlanned');
  return {
    spec,
    written: written?.data as unknown as Drafting,
    variants: planned.map(({ data }) => data as unknown as PlannedVariant),
  };
}

async function begin(system: TestSystem, differs: Request = {}): Promise<BestOfNSpec> {
  await system.operator('start_best_of_n', { ...REQUEST, ...differs });
  return (await system.until('BestOfNStarted')).data as unknown as BestOfNSpec;
}

describe('a model that is configured', () => {
  it('writes the variants whose agents read a prompt, and what it used is recorded', async () => {
    const { written, variants } = await drafted('drafts', { agents: ['claude', 'repair'] });
    expect(written).toMatchObject({
      ...{ model: 'scripted', asked: 1, problem: '', inputTokens: 100, outputTokens: 20, costUsd: 0.002 },
      drafts: [{ approach: 'Begin with step 1 of: Make the tests pass', maxLines: 12 }],
    });
    expect(written.modelMs).toBeGreaterThanOrEqual(0);
    expect(variants[2]).toMatchObject({
      mutators: ['openai', 'seed'],
      modelMs: written.modelMs,
      directive: { goal: 'Make the tests pass', constraints: { maxLines: 12 } },
    });
  });

  it('is believed in what a variant may differ, and in nothing else', async () => {
    const { spec, written, variants } = await drafted('hostile');
    expect(written.drafts).toHaveLength(3);
    expect(variants).toHaveLength(4);
    for (const { directive: made, words } of variants.slice(1)) {
      expect(made).toMatchObject({ goal: spec.directive.goal, constraints: spec.directive.constraints });
      expect(made.parameters.agent).toBe('claude');
      expect(made.criteria).toEqual(['It is done.']);
      expect(made.parameters.approach).toMatch(/^Ignore the goal\. \d$/);
      expect(words).toContain('an approach by scripted (Ignore the goal.');
    }
  });

  it('writes as many as it can, and the built-in mutators make the rest', async () => {
    const { written, variants } = await drafted('few');
    expect(written).toMatchObject({ asked: 3, problem: 'of 3 variants its answer had 1 that could be used' });
    expect(variants.map(({ mutators }) => mutators.includes('openai'))).toEqual([false, true, false, false]);
    expect(variants[2]?.words).toContain('scripted was to write it: of 3 variants its answer had 1');
  });

  it.each([
    ['nonsense', 'its answer is no JSON'],
    ['unauthorised', 'It answered 401: Incorrect API key provided'],
    ['limited', 'It answered 429'],
    ['crowded', 'It answered 429: Rate limit reached'],
    ['broken', 'It answered 500'],
    ['endless', 'It did not answer within 60 s.'],
  ])('that is of no use is told of, and the built-in mutators make the variants: %s', async (story, problem) => {
    const { spec, written, variants } = await drafted(story);
    expect(written).toMatchObject({ drafts: [], asked: 3 });
    expect(written.problem).toContain(problem);
    const builtIn = planVariants(spec, null);
    expect(variants.map(({ directive: made }) => made)).toEqual(builtIn.map(({ directive: made }) => made));
    expect(variants[1]?.words).toContain(written.problem);
  });

  it('is not asked where no agent reads a prompt, and not where none is configured', async () => {
    const before = server.heard.length;
    const { system } = await open('drafts');
    await begin(system, { agents: ['repair'] });
    const { system: without } = await open('drafts', { settings: { 'model.name': '' } });
    await begin(without);
    for (const one of [system, without]) {
      await one.until('BuildingStarted');
      expect(await one.events('DraftsWritten')).toEqual([]);
    }
    expect(server.heard.length).toBe(before);
  });

  it('is asked again when a server ends before the answer is recorded', async () => {
    const store = openMemoryStore();
    const asked = Promise.withResolvers<void>();
    const silent: Model = {
      ask: () => (asked.resolve(), new Promise(() => {})),
      state: () => ({ status: 'unknown', detail: '' }),
    };
    const first = await startSystem({ store, model: silent, settings: { 'model.name': 'writer' } });
    await begin(first);
    await asked.promise;
    await first.stop(0);
    expect(await first.events('DraftsWritten')).toEqual([]);
    const { system } = await open('drafts', { store });
    await system.until('BuildingStarted');
    expect(await system.events('DraftsWritten')).toHaveLength(1);
    const planned = await system.events('VariantPlanned');
    expect(planned.map(({ data }) => (data.mutators as string[]).includes('openai'))).toEqual([
      false,
      true,
      true,
      true,
    ]);
    expect((await replay(store)).difference).toBeNull();
  });
});
