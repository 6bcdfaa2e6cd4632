import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cliWorld } from '../../../../tests/support/cli-world.ts';
import { contests } from '../../../../tests/support/contest-story.ts';
import { contestScore } from '../../../../tests/support/examples.ts';
import { announce, type Asked, fakeServer } from '../../../../tests/support/fake-server.ts';
import { bugfix } from '../../../../tests/support/bugfix-story.ts';
import { createStory, type Story, tell } from '../../../../tests/support/story.ts';
import { systemClock } from '../../../kernel/adapters/system.ts';
import { createMemoryCache } from '../../../projections/adapters/memory-cache.ts';
import { startProjectionHost, VIEWS } from '../../../projections/index.ts';
import { askQuery, createIdIndex, QUERIES, type QueryContext } from '../../../queries/index.ts';
import { openMemoryStore } from '../../../store/adapters/memory.ts';
import { main } from '../main.ts';
import { VERBS } from '../verb-table.ts';

const data = mkdtempSync(join(tmpdir(), 'heph-best-of-'));
afterAll(() => rmSync(data, { recursive: true }));

/** The real answers to the questions, over what the story tells when it is asked; commands are what the test says. */
async function heph(words: string[], story: Story, commands: Record<string, (body: never) => object> = {}) {
  const store = openMemoryStore();
  const parts = { store, views: VIEWS, cache: createMemoryCache(), logId: 'log', clock: systemClock };
  const views = await startProjectionHost(parts);
  const context = { views, store, ids: createIdIndex(store), clock: systemClock } as unknown as QueryContext;
  const principal = { role: 'operator', id: 'operator' } as const;
  let told = 0;
  const answer = async (asked: Asked) => {
    if (asked.path === '/health') return { body: { ok: true, startedAt: 1 } };
    const name = asked.path.split('/').at(-1) as string;
    const made = commands[name]?.(asked.body as never);
    await tell(store, story.events.slice(told));
    told = story.events.length;
    if (made) return { body: { ok: true, ...made } };
    const definition = QUERIES.get(name);
    if (!definition) return { status: 400, body: { ok: false, error: { kind: 'invalid', code: 'query.unknown' } } };
    const result = await askQuery(name, definition, asked.body, { ...context, principal });
    const failed = 'failure' in result;
    return { status: failed ? 400 : 200, body: failed ? { ok: false, error: result } : { ok: true, result } };
  };
  await using server = await fakeServer(answer);
  announce(data, server);
  const cli = cliWorld({ env: { HEPH_DATA: data } });
  const code = await main(words, cli.world, '0', async () => VERBS);
  await views.close();
  return { code, out: cli.out(), err: cli.err(), records: cli.records, asked: server.asked };
}

const accepted = (story: Story, id: string, first: number) => ({
  id,
  stream: `bestOfN-${id}`,
  position: String(story.events.length),
  events: story.events.slice(first).map(({ type }) => type),
});

function given() {
  const story = createStory();
  const { complete: deliver, ...steps } = bugfix(story);
  return { story, deliver, ...steps, ...contests(story) };
}

describe('heph best-of', () => {
  /** The whole of it happens as soon as it is asked for. */
  function answering(end: (steps: ReturnType<typeof given>, id: string, workflowId: string) => void) {
    const steps = given();
    const sent: Record<string, unknown>[] = [];
    const start_best_of_n = (body: Record<string, unknown>) => {
      sent.push(body);
      const id = steps.begin();
      const answer = accepted(steps.story, id, 0);
      const workflowId = steps.start('Make the tests pass', undefined, {}, undefined, id);
      steps.phase(workflowId, 'fix');
      steps.plan(id, workflowId);
      end(steps, id, workflowId);
      return answer;
    };
    return { steps, sent, commands: { start_best_of_n } };
  }

  const wins = ({ build, end, score, complete, ...steps }: ReturnType<typeof given>, id: string, run: string) => {
    for (const index of [0, 1, 2]) build(id, index);
    end(id, 0);
    end(id, 1);
    end(id, 2, { outcome: 'failed', reason: 'Two tests fail.' });
    score(id, 0, 0.5);
    score(id, 1, 1);
    complete(id);
    steps.over(run, 'fix');
    steps.deliver(run);
  };

  it('sends what was typed, follows to the verdict, and ends with 0 when the best was taken', async () => {
    const { steps, sent, commands } = answering(wins);
    const words = ['best-of', '3', 'Make it green', '--repo', 'app', '--agent', 'claude,repair', '--score', 'tests=2'];
    const more = ['--model', 'claude=a,b', '--max-lines', '9', '--allow-files', 'src/**', '--criterion', 'Short.'];
    const { code, out } = await heph(
      [...words, ...more, '--early-stop', '--no-merge', '--seed', '7'],
      steps.story,
      commands,
    );
    expect(code).toBe(0);
    expect(sent).toEqual([
      {
        ...{ n: 3, repository: '/app', goal: 'Make it green', agents: ['claude', 'repair'], score: 'tests=2', seed: 7 },
        ...{ models: { claude: ['a', 'b'] }, constraints: { maxLines: 9, allowedFiles: ['src/**'] } },
        ...{ criteria: ['Short.'], earlyStop: true, merge: false },
      },
    ]);
    expect(out).toContain('Variant 0: As given.');
    expect(out).toContain('Variant 1 passed, 4 lines changed in 1 min 00 s');
    expect(out).toContain('Variant 2 failed: Two tests fail.');
    expect(out).toContain('Variant 1 scores 0.95: tests 1, time 0.9');
    expect(out).toContain('Variant 1 scores 0.95, more than variant 0 with 0.7.');
    expect(out).toMatch(/variant +agent +what is different[\s\S]*1 .* 0\.95 .* won/);
    expect(out).toContain('Report: completed');
  });

  it('gives programs every event and the candidates in the report', async () => {
    const { steps, commands } = answering(wins);
    const { code, records } = await heph(['best-of', '3', 'x', '--repo', '.', '--json'], steps.story, commands);
    expect(code).toBe(0);
    expect(records()[0]).toMatchObject({ type: 'started', bestOfNId: expect.stringMatching(/^bon_/) });
    expect(records().filter(({ event }) => event === 'CandidateScored')).toHaveLength(2);
    expect(records().at(-1)).toMatchObject({
      type: 'report',
      outcome: 'completed',
      bestOfN: [{ view: 'best-of-n', summary: { status: 'completed', verdict: { winner: 1 } } }],
    });
  });

  it('ends with 1 when nobody passed, and says why', async () => {
    const { steps, commands } = answering(({ build, end, story }, id, workflowId) => {
      for (const index of [0, 1, 2]) build(id, index);
      for (const index of [0, 1, 2]) end(id, index, { outcome: 'died', reason: 'It was killed.' });
      story.send('fail_workflow', { workflowId, code: 'none_passed', reason: 'No candidate passed.', delivery: null });
    });
    const { code, out } = await heph(['best-of', '3', 'x', '--repo', '.'], steps.story, commands);
    expect(code).toBe(1);
    expect(out).toContain('No winner (none_passed): None of 3 candidates passed');
    expect(out).toContain('variant 2: It died: It was killed.');
  });

  it('ends with 1 when its run could not begin', async () => {
    const steps = given();
    const start_best_of_n = () => {
      const id = steps.begin();
      const answer = accepted(steps.story, id, 0);
      steps.story.send('fail_best_of_n', { bestOfNId: id, code: 'no', reason: 'There is no template.' });
      return answer;
    };
    const { code, out } = await heph(['best-of', '3', 'x', '--repo', '.'], steps.story, { start_best_of_n });
    expect([code, out]).toEqual([1, expect.stringContaining('Why: There is no template.')]);
  });

  it.each([
    [['0', 'x', '--repo', '.'], 'from 1 to 32'],
    [['33', 'x', '--repo', '.'], 'from 1 to 32'],
    [['three', 'x', '--repo', '.'], 'from 1 to 32'],
    [['-1', 'x', '--repo', '.'], '-1'],
    [['2.5', 'x', '--repo', '.'], 'from 1 to 32'],
    [['3', 'x'], '--repo'],
    [[], '--repo'],
    [['--repo', '.'], "missing required argument 'n'"],
    [['3', 'x', 'y', '--repo', '.'], 'too many arguments'],
    [['3', 'x', '--repo', '.', '--seed', '-1'], 'whole number'],
    [['3', 'x', '--repo', '.', '--max-lines', '0'], 'whole number'],
    [['3', 'x', '--repo', '.', '--agent', 'a,,b'], 'commas'],
    [['3', 'x', '--repo', '.', '--model', 'small'], 'agent=model'],
    [['3', 'x', '--repo', '.', '--limit', '3'], '--limit'],
    [['show'], 'bestOfNId'],
    [['rescore'], 'bestOfNId'],
    [['stats', '--by', 'colour'], 'agent, model, mutator'],
    [['builds', '--relation', 'cousins'], 'ancestors'],
    [['list', '--limit', 'x'], 'a number'],
  ])('best-of %j is refused in a sentence, and nothing is sent', async (words, sentence) => {
    const { code, err, asked } = await heph(['best-of', ...words], createStory());
    expect([code, asked.filter(({ path }) => path !== '/health')]).toEqual([2, []]);
    expect(err).toMatch(new RegExp(sentence, 'i'));
    expect(err).toContain('(cli.usage)');
  });
});

it('tells in its help how it is started, and what else there is', async () => {
  const { code, out } = await heph(['best-of', '--help'], createStory());
  expect(code).toBe(0);
  for (const word of ['list', 'show', 'builds', 'stats', 'rescore', '--early-stop', '--from <build>'])
    expect(out).toContain(word);
  expect(out).toContain('heph best-of 3 "Make the tests pass" --repo .');
});

describe('heph best-of, its questions', () => {
  it('answer with the ids as they are printed', async () => {
    const { story, judged } = given();
    const id = judged({}, [0.5, 1]);
    expect((await heph(['best-of', 'list'], story)).out).toContain(id);
    expect((await heph(['best-of', 'show', id], story)).out).toContain('Variant 1 scores 0.95');
    expect((await heph(['best-of', 'builds', '--build', `${id}/1`, '--relation', 'ancestors'], story)).out).toContain(
      `${id}/0`,
    );
    expect((await heph(['best-of', 'stats', '--by', 'agent'], story)).out).toContain('repair');
    expect((await heph(['best-of', 'stats', '--json'], story)).records()).toMatchObject([{ summary: { runs: 1 } }]);
    const unknown = await heph(['best-of', 'show', 'bon_zzz'], story);
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('(id.unknown)')]);
  });
});

describe('heph best-of rescore', () => {
  function judgedOnce() {
    const steps = given();
    const id = steps.judged({}, [0.5, 1]);
    steps.complete(id);
    const rescore = (after: () => void) => (body: { bestOfNId: string }) => {
      const first = steps.story.events.length;
      steps.story.send('rescore_best_of_n', body);
      const answer = accepted(steps.story, id, first);
      after();
      return answer;
    };
    return { ...steps, id, rescore };
  }

  it('says at once who would have won by what is recorded, and that the first verdict stands', async () => {
    const { story, id, rescore } = judgedOnce();
    const words = ['best-of', 'rescore', id, '--score', 'time=1'];
    const { code, out, asked } = await heph(words, story, { rescore_best_of_n: rescore(() => {}) });
    expect(code).toBe(0);
    expect(asked.find(({ path }) => path.endsWith('rescore_best_of_n'))?.body).toEqual({
      bestOfNId: id,
      score: 'time=1',
    });
    expect(out).toMatch(/variant +status +total +time +place\n0 +passed +0\.9 +0\.9 +1\n/);
    expect(out).toContain('By the first verdict variant 1 won, and that stands.');
  });

  it('waits for what has to be measured, and ends with 1 when that is given up', async () => {
    const { story, id, rescore } = judgedOnce();
    const scores = [contestScore('tests', 0.3), contestScore('time', 0.5)];
    const measured = (index: number, passed: boolean) =>
      story.send('record_rescore', { bestOfNId: id, verdict: 2, index, passed, judgeMs: 3, scores });
    const words = ['best-of', 'rescore', id, '--check', 'npm run slow', '--json'];
    const reached = rescore(() => {
      measured(0, true);
      measured(1, false);
    });
    const { code, records } = await heph(words, story, { rescore_best_of_n: reached });
    expect([code, records()]).toMatchObject([0, [{ type: 'rescored', verdict: 2, winner: 0, differs: true }]]);
    const abandoned = rescore(() => story.send('abandon_rescoring', { bestOfNId: id, verdict: 3, reason: 'Pruned.' }));
    const given_up = await heph(['best-of', 'rescore', id, '--measure'], story, { rescore_best_of_n: abandoned });
    expect([given_up.code, given_up.out]).toEqual([1, expect.stringContaining('given up: Pruned.')]);
  });
});
