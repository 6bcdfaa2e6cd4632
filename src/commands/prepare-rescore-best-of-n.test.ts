import { expect, it } from 'vitest';
import { contest } from '../../tests/support/examples.ts';
import type { ActorHost } from '../actors/actor-host.ts';
import { invalid } from '../kernel/errors.ts';
import { bestOfNCommands } from '../machines/best-of-n/index.ts';
import { DEFAULT_SETTINGS } from '../machines/config/index.ts';
import { prepareRescoreBestOfN } from './prepare-rescore-best-of-n.ts';

const before = { mine: { command: ['score', 'before'], wallMs: 1_000 }, gone: { command: ['gone'], wallMs: 1_000 } };
const now = { mine: { command: ['score', 'now'], wallMs: 1_000 } };
const asked: object[] = [];

function prepared(
  input: object,
  spec: object | null = contest({ scorers: before, weights: { mine: 1, gone: 1, tests: 1 } }),
) {
  const settings = { ...DEFAULT_SETTINGS, bestOfN: { ...DEFAULT_SETTINGS.bestOfN, scorers: now } };
  const host = { read: async () => ({ context: { spec } }) } as unknown as ActorHost;
  const inspection = {
    repository: async (request: { path: string; branch?: string }) => {
      asked.push(request);
      if (request.branch === 'nowhere') return invalid('repository.no_branch', 'There is no branch nowhere.');
      return {
        repositoryId: 'rep_library',
        path: request.path,
        baseBranch: 'b',
        baseCommit: 'c9',
        detectedCheck: null,
      };
    },
    check: (command: string) => (command.includes('|') ? invalid('input.invalid', 'No shell.') : null),
  };
  const parsed = bestOfNCommands.rescore_best_of_n.schema.parse({ bestOfNId: 'bon_1', ...input });
  return prepareRescoreBestOfN({ host, inspection, settings: () => settings })(parsed as never);
}

it('takes the user’s own scorers as they are set now, and as they were where they are not set any more', async () => {
  const { mine } = now;
  const answer = await prepared({});
  expect(answer).toMatchObject({ scorers: { mine, gone: before.gone } });
  expect(bestOfNCommands.rescore_best_of_n.prepared?.parse(answer)).toEqual(answer);
  expect(await prepared({ score: 'mine=2' })).toEqual({
    bestOfNId: 'bon_1',
    measure: false,
    score: 'mine=2',
    scorers: { mine },
  });
  expect(await prepared({ score: 'tests=2' })).not.toHaveProperty('scorers');
});

it('finds the commit that the judges come from', async () => {
  expect(await prepared({ judgesFrom: 'hidden-tests' })).toMatchObject({ judgesFrom: 'hidden-tests', judges: 'c9' });
  expect(asked).toEqual([{ path: '/repos/library', branch: 'hidden-tests', fromHead: true }]);
});

it.each([
  [{ judgesFrom: 'nowhere' }, 'repository.no_branch'],
  [{ check: 'a | b' }, 'input.invalid'],
])('refuses %j', async (input, code) => {
  expect(await prepared(input)).toMatchObject({ code });
});

it('knows nothing of one that there is not', async () => {
  expect(await prepared({}, null)).toMatchObject({ code: 'best.not_open' });
});
