import { describe, expect, it } from 'vitest';
import { contest, contestVariant } from '../../tests/support/examples.ts';
import { type Given, given } from '../../tests/support/given.ts';
import { invalid } from '../kernel/errors.ts';
import { type BestOfN, bestOfNActor, bestOfNCommands } from '../machines/best-of-n/index.ts';
import { DEFAULT_SETTINGS } from '../machines/config/index.ts';
import { prepareStartBestOfN } from './prepare-start-best-of-n.ts';
import type { WorkflowInspection } from './inspection.ts';
import { SERVER } from './principal.ts';

const REPOSITORY = { repositoryId: 'rep_1', path: '/r', baseBranch: 'main', baseCommit: 'c0' };
const settings = {
  ...DEFAULT_SETTINGS,
  bestOfN: {
    score: 'survival=4',
    scorers: { mine: { command: ['score'], wallMs: 1_000 }, other: { module: 'b.js', wallMs: 1 } },
  },
};
const no = (what: string) => invalid('input.invalid', `No ${what}.`);

function prepared(
  input: Record<string, unknown>,
  differs: Partial<WorkflowInspection> = {},
  detected: string | null = 'npm test',
) {
  const inspection: WorkflowInspection = {
    definition: async () => no('definition'),
    repository: async () => ({ ...REPOSITORY, detectedCheck: detected }),
    agent: (name) => (name === 'nobody' ? no('agent') : null),
    check: (command) => (command.includes('|') ? no('check') : null),
    ...differs,
  };
  const parsed = bestOfNCommands.start_best_of_n.schema.parse({ repository: '.', goal: 'Green', ...input });
  const context = { principal: SERVER, commandId: 'cmd_1', actorId: 'bon_1' };
  const parts = {
    inspection,
    settings: () => settings,
    host: { read: async (_kind: string, id: string) => (id === EARLIER ? earlier() : bestOfNActor.start()) as never },
    resolveId: async (_kind: string, id: string) => (id === 'bon_ear' ? EARLIER : id),
  };
  return prepareStartBestOfN(parts)(parsed as never, context);
}

const EARLIER = 'bon_earlier';

/** A run that has made its three variants. */
function earlier() {
  const variants = [0, 1, 2].map((index) => ({
    name: 'record_variant',
    input: { bestOfNId: EARLIER, ...contestVariant(index), mutateMs: 0, modelMs: 0 },
  }));
  const said = [
    { name: 'start_best_of_n', input: contest({ bestOfNId: EARLIER }) },
    { name: 'start_mutating', input: { bestOfNId: EARLIER, workflowId: 'wfl_contest' } },
    ...variants,
  ];
  return said.reduce<Given<BestOfN>>((actor, one) => actor.when(one).next, given(bestOfNActor)).state;
}

describe('what a best-of-N is started with', () => {
  it('is settled whole, and fits what is recorded', async () => {
    const spec = await prepared({ agents: ['claude', 'repair'], score: 'tests=2', parameters: { emphasis: 'reuse' } });
    expect(spec).toMatchObject({
      ...{ bestOfNId: 'bon_1', n: 3, repository: REPOSITORY, weights: { tests: 2 }, check: 'npm test', merge: true },
      directive: { goal: 'Green', parameters: { agent: 'claude', emphasis: 'reuse' } },
    });
    expect(bestOfNCommands.start_best_of_n.prepared?.parse(spec)).toEqual(spec);
  });

  it('has the directive of an earlier build for variant 0, with another goal where one is said', async () => {
    const { directive } = contestVariant(1);
    const spec = await prepared({ from: 'bon_ear/1', goal: undefined });
    const from = { bestOfNId: EARLIER, index: 1 };
    expect(spec).toMatchObject({ directive, from, agents: ['repair'] });
    expect(bestOfNCommands.start_best_of_n.prepared?.parse(spec)).toEqual(spec);
    expect(await prepared({ from: 'bon_ear/1', goal: 'Other', agents: ['claude'] })).toMatchObject({
      directive: { ...directive, goal: 'Other' },
      agents: ['claude'],
    });
  });

  it('is scored by the setting where it says nothing', async () => {
    expect(await prepared({})).toMatchObject({ weights: { survival: 4 } });
  });

  it('names the user’s own scorers that count, as they are set now', async () => {
    const spec = await prepared({ score: 'mine=1,tests=1,other=0' });
    expect(spec).toMatchObject({ weights: { mine: 1 }, scorers: { mine: { command: ['score'], wallMs: 1_000 } } });
    expect(Object.keys((spec as { scorers: object }).scorers)).toEqual(['mine']);
    expect(bestOfNCommands.start_best_of_n.prepared?.parse(spec)).toEqual(spec);
  });

  it.each([
    [{ score: 'beauty=1' }, 'best.bad_score'],
    [{ agents: ['repair', 'nobody'] }, 'input.invalid'],
    [{ check: 'a | b' }, 'input.invalid'],
    [{ models: { repair: ['large'] } }, 'input.invalid'],
    [{ models: { claude: ['large'] } }, 'input.invalid'],
    [{ parameters: { model: 'large' } }, 'input.invalid'],
    [{ goal: undefined }, 'input.invalid'],
    [{ from: 'bon_ear' }, 'best.no_such_build'],
    [{ from: 'bon_ear/x' }, 'best.no_such_build'],
    [{ from: 'bon_ear/33' }, 'best.no_such_build'],
    [{ from: 'bon_ear/3' }, 'best.no_such_build'],
    [{ from: 'bon_nothing/0' }, 'best.no_such_build'],
    [{ from: 'bon_ear/1', criteria: ['Be short'] }, 'input.invalid'],
    [{ from: 'bon_ear/1', agents: ['nobody'] }, 'input.invalid'],
  ])('is refused for %j', async (input, code) => {
    expect(await prepared(input)).toMatchObject({ failure: true, code });
  });

  it('is refused where the repository cannot be used, or nothing can judge', async () => {
    expect(await prepared({}, { repository: async () => no('repository') })).toMatchObject({
      message: 'No repository.',
    });
    expect(await prepared({}, {}, null)).toMatchObject({ code: 'check.none' });
    expect(await prepared({ check: 'make test' }, {}, null)).toMatchObject({ check: 'make test' });
  });
});
