import { describe, expect, it } from 'vitest';
import { invalid } from '../kernel/errors.ts';
import { bestOfNCommands } from '../machines/best-of-n/index.ts';
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
  return prepareStartBestOfN({ inspection, settings: () => settings })(parsed as never, context);
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
