import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { impatientClock } from '../../../../tests/support/impatient-clock.ts';
import { type ModelServer, startModelServer } from '../../../../tests/support/model-server/index.ts';
import { Fault } from '../../../kernel/errors.ts';
import type { ModelProvider, ModelRequest } from '../model.ts';
import { createOpenAiModel } from './openai.ts';

const KEY = 'sk-very-secret-0123456789';
const WALL_MS = 60_000;
let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer();
});
afterAll(() => server.close());

const request = (story: string, differs: Partial<ModelProvider> = {}): ModelRequest => ({
  provider: {
    ...{ name: 'writer', baseUrl: `${server.address(story)}/v1/`, keyVariable: 'MY_KEY', wallMs: WALL_MS },
    ...differs,
  },
  instructions: 'Write 2, please.',
  material: JSON.stringify({ goal: 'Make the tests pass' }),
  answer: { name: 'variants', schema: { type: 'object' } },
  seed: 7,
});

const impatient = () => impatientClock(WALL_MS);

const sent: { url: string; init: RequestInit }[] = [];
const watched: typeof fetch = (url, init) => {
  sent.push({ url: String(url), init: init as RequestInit });
  return fetch(url, init);
};
const open = (differs: Partial<Parameters<typeof createOpenAiModel>[0]> = {}) =>
  createOpenAiModel({ clock: impatient().clock, environment: { MY_KEY: ` ${KEY}\n` }, fetch: watched, ...differs });
const faultOf = async (promise: Promise<unknown>): Promise<Fault> => {
  const fault: unknown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  expect(fault).toBeInstanceOf(Fault);
  return fault as Fault;
};
const heardSince = (before: number) => server.heard.slice(before).map(({ answer }) => answer);

describe('a model behind Chat Completions', () => {
  it('answers, with what it has used', async () => {
    sent.length = 0;
    const answer = await open().ask(request('drafts'));
    expect(answer).toMatchObject({ model: 'scripted', inputTokens: 100, outputTokens: 20, costUsd: 0.002 });
    expect(answer.text).toContain('Begin with step 2 of: Make the tests pass');
    expect(sent).toHaveLength(1);
    expect(sent[0]?.url).toBe(`${server.address('drafts')}/v1/chat/completions`);
    expect(new Headers(sent[0]?.init.headers).get('authorization')).toBe(`Bearer ${KEY}`);
    expect(JSON.parse(String(sent[0]?.init.body))).toMatchObject({
      ...{ model: 'writer', seed: 7 },
      response_format: { type: 'json_schema', json_schema: { name: 'variants', strict: true } },
    });
  });

  it('is asked without a key where none is needed', async () => {
    sent.length = 0;
    await open({ environment: {} }).ask(request('drafts', { keyVariable: '' }));
    expect(new Headers(sent[0]?.init.headers).has('authorization')).toBe(false);
  });

  it('is asked once more in the plain form by a provider that does not know a field', async () => {
    const before = server.heard.length;
    const { clock, pauses } = impatient();
    const answer = await open({ clock }).ask(request('old'));
    expect(answer.text).toContain('Begin with step 1');
    expect(heardSince(before)).toEqual(['400', 'text']);
    expect(pauses).toEqual([0]);
  });

  it.each([
    ['unauthorised', 'model.refused', 'It answered 401: Incorrect API key provided', ['401']],
    ['bad', 'model.refused', 'It answered 400', ['400', '400']],
    ['nowhere', 'model.refused', 'It answered 404', ['404']],
    ['limited', 'model.unavailable', 'It answered 429', ['429', '429', '429']],
    ['broken', 'model.unavailable', 'It answered 500', ['500', '500', '500']],
    // Its hour is longer than the time that the answer may take.
    ['crowded', 'model.unavailable', 'It answered 429: Rate limit reached', ['429']],
  ])('says why it did not answer: %s', async (story, code, message, heard) => {
    const before = server.heard.length;
    const { code: given, message: said } = await faultOf(open().ask(request(story)));
    expect(given).toBe(code);
    expect(said).toContain(message);
    expect(heardSince(before)).toEqual(heard);
  });

  it('is asked again when it was overloaded, after the pause that it asks for or a doubling one', async () => {
    const { clock, pauses } = impatient();
    const stories = ['limited', 'broken', 'drafts'];
    const turn: typeof fetch = (_url, init) => fetch(request(stories.shift() as string).provider.baseUrl + PATH, init);
    const answer = await open({ clock, fetch: turn }).ask(request('limited'));
    expect(answer.text).toContain('Begin with step 1');
    expect(pauses).toEqual([1000, 2000]);

    const asks = [replied(429, {}, { 'retry-after': '5' }), replied(429, {}, { 'retry-after': LATER }), COMPLETION];
    const waiting = impatient();
    await open({ clock: { ...waiting.clock, now: () => NOW }, fetch: async () => asks.shift() as Response }).ask(
      request('limited'),
    );
    expect(waiting.pauses).toEqual([5000, 9000]);
  });

  it('is given up when its time is over, also in the middle of an answer', async () => {
    const { clock, timeIsUp } = impatient();
    const slow: typeof fetch = async (url, init) => {
      const response = await fetch(url, init);
      timeIsUp();
      return response;
    };
    const fault = await faultOf(open({ clock, fetch: slow }).ask(request('endless')));
    expect(fault).toMatchObject({ code: 'model.unavailable', message: 'It did not answer within 60 s.' });
  });

  it('is told of by its address when it is not there, and of the key nothing is told', async () => {
    const nobody = request('drafts', { baseUrl: 'http://127.0.0.1:9/v1' });
    const { code, message } = await faultOf(open().ask(nobody));
    expect(code).toBe('model.unavailable');
    expect(message).toContain('http://127.0.0.1:9/v1');
    const broken = await faultOf(open({ environment: { MY_KEY: 'sk-with\na-newline' } }).ask(nobody));
    expect(broken.message).not.toContain('newline');
    const quoting = async () => replied(401, { error: { message: `Wrong key ${KEY}` } });
    expect((await faultOf(open({ fetch: quoting }).ask(nobody))).message).toBe('It answered 401: Wrong key [key]');
  });

  it.each([
    ['no JSON', () => new Response('<html>'), 'no chat completion'],
    ['another shape', () => replied(200, { choices: [] }), 'no chat completion'],
    ['nothing', () => completion({ content: null }), 'It said nothing.'],
    ['a refusal', () => completion({ content: null, refusal: 'I will not.' }), 'It refused: I will not.'],
    ['more than fits', () => new Response('x'.repeat(2 ** 20 + 1)), 'larger than'],
  ])('is told of when it answers with %s', async (_what, respond, message) => {
    const fault = await faultOf(open({ fetch: async () => respond() }).ask(request('drafts')));
    expect(fault).toMatchObject({ code: 'model.bad_answer', retryable: false });
    expect(fault.message).toContain(message);
  });

  it('is believed only what it says of its use', async () => {
    const usage = { prompt_tokens: 'many', completion_tokens: -1 };
    const answer = replied(200, { model: 5, choices: [{ message: { content: 'yes' } }], usage });
    expect(await open({ fetch: async () => answer }).ask(request('drafts'))).toEqual({
      ...{ text: 'yes', model: 'writer', inputTokens: null, outputTokens: null, costUsd: null },
    });
  });

  it('is not followed to another address', async () => {
    sent.length = 0;
    await open().ask(request('drafts'));
    expect(sent[0]?.init.redirect).toBe('error');
  });
});

describe('the key of a model', () => {
  it('that is not there is told of before anything is sent', async () => {
    sent.length = 0;
    const fault = await faultOf(open({ environment: { MY_KEY: ' ' } }).ask(request('drafts')));
    expect(fault).toMatchObject({ code: 'model.refused', retryable: false });
    expect(fault.message).toContain('no MY_KEY');
    expect(sent).toEqual([]);
  });

  it('does not travel in the clear', async () => {
    sent.length = 0;
    const fault = await faultOf(open().ask(request('drafts', { baseUrl: 'http://models.example.org/v1' })));
    expect(fault.message).toContain('a key is not sent to models.example.org without encryption');
    expect(sent).toEqual([]);
  });
});

describe('what is known of a model', () => {
  it('is told without asking it', async () => {
    const model = open();
    const { provider } = request('drafts');
    expect(model.state({ ...provider, name: '' })).toMatchObject({ status: 'ok' });
    expect(model.state({ ...provider, keyVariable: 'OTHER_KEY' })).toMatchObject({ status: 'degraded' });
    expect(model.state(provider)).toMatchObject({ status: 'unknown' });
    await model.ask(request('drafts'));
    expect(model.state(provider)).toMatchObject({ status: 'ok' });
    expect(model.state({ ...provider, name: 'another' })).toMatchObject({ status: 'unknown' });
    await faultOf(model.ask(request('unauthorised')));
    expect(model.state(request('unauthorised').provider)).toMatchObject({
      status: 'degraded',
      detail: expect.stringContaining('It answered 401') as string,
    });
  });
});

const PATH = 'chat/completions';
const NOW = Date.parse('2026-01-01T00:00:00Z');
const LATER = 'Thu, 01 Jan 2026 00:00:09 GMT';
const replied = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers });
const completion = (message: unknown) => replied(200, { choices: [{ message }] });
const COMPLETION = completion({ content: 'yes' });
