import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor, REDACTED } from './redact.ts';

const VALUE = 'S3cr3t+Value/with?odd&chars';
const { redactText, redactJson, createStreamRedactor } = createRedactor({ values: [VALUE, 'plainvalue', 'short'] });

// Put together here, so that no scanner takes this file for a leak.
const KEY_BODY = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7\n';
const key = (name: string, end = true) =>
  `-----BEGIN ${name}PRIVATE KEY-----\n${KEY_BODY}${end ? `-----END ${name}PRIVATE KEY-----` : ''}`;
const SECRETS = {
  'our agent token': `hph_a_${'aB3-'.repeat(6)}`,
  'our operator token': `hph_o_${'x9_'.repeat(8)}`,
  'an API key': `sk-${'proj-abc123'.repeat(3)}`,
  'a GitHub token': `ghp_${'a1B2'.repeat(9)}`,
  'a fine-grained GitHub token': `github_pat_${'a1_B2'.repeat(6)}`,
  'a GitLab token': `glpat-${'a1B2-'.repeat(4)}`,
  'an npm token': `npm_${'a1B2'.repeat(9)}`,
  'a Slack token': `xoxb-${'123-abc'.repeat(3)}`,
  'a Google key': `AIza${'a1-B2'.repeat(7)}`,
  'an AWS key id': `AKIA${'A1B2'.repeat(4)}`,
  'a web token': `eyJ${'hbGci'.repeat(3)}.${'eyJzd'.repeat(3)}.${'c2lnx'.repeat(3)}`,
  'a private key': key('RSA '),
  'a private key without a kind': key(''),
};

describe('text', () => {
  it.each(Object.entries(SECRETS))('loses %s and nothing else', (_name, secret) => {
    expect(redactText(`before ${secret}, after.`)).toBe(`before ${REDACTED}, after.`);
  });

  it('loses an encrypted private key with its headers', () => {
    const headers = 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n';
    expect(redactText(`a ${key('RSA ').replace('MII', `${headers}MII`)} b`)).toBe(`a ${REDACTED} b`);
  });

  it('loses a private key that was cut off', () => {
    expect(redactText(`a ${key('EC ', false)}`)).toBe(`a ${REDACTED}`);
  });

  it.each([
    ['Authorization: Bearer abcdef123456 x', `Authorization: Bearer ${REDACTED} x`],
    ['authorization: basic dXNlcjpwYXNzd29yZA== x', `authorization: basic ${REDACTED} x`],
    ['DB_PASSWORD=hunter2!x next', `DB_PASSWORD=${REDACTED} next`],
    ['{"password": "hunter2!x", "n": 1}', `{"password": "${REDACTED}", "n": 1}`],
    ['{\\"api_key\\":\\"hunter2!x\\"}', `{\\"api_key\\":\\"${REDACTED}\\"}`],
    ["secret: 'hunter2!x'", `secret: '${REDACTED}'`],
    ['git clone https://me:hunter2@example.org/x', `git clone https://me:${REDACTED}@example.org/x`],
  ])('keeps the name and loses the value in %j', (text, redacted) => {
    expect(redactText(text)).toBe(redacted);
  });

  it.each([
    ['as it is', VALUE],
    ['in a URL', encodeURIComponent(VALUE)],
    ['in JSON', JSON.stringify(VALUE).slice(1, -1)],
    ['in base64', Buffer.from(VALUE).toString('base64')],
    ['in base64url', Buffer.from(VALUE).toString('base64url')],
  ])('loses a known value %s', (_name, form) => {
    expect(redactText(`<${form}>`)).toBe(`<${REDACTED}>`);
  });

  it('loses a known value wherever it lies in something encoded as a whole', () => {
    for (const before of ['', 'u', 'us', 'use', 'user:']) {
      const redacted = redactText(Buffer.from(`${before}${VALUE}:more`).toString('base64'));
      expect(redacted).toContain(REDACTED);
      const left = redacted.split(REDACTED).map((rest) => Buffer.from(rest, 'base64').toString());
      expect(left.join(' ')).not.toContain(VALUE.slice(2, 8));
    }
  });

  it('stays as it is without a secret', () => {
    for (const text of [
      '',
      'short words, a password and a token',
      'const token = next(); // sk-1, ghp_x, AKIA',
      '{"stream":"task-tsk_01m7wc98a71ahwe28dr7ag496d"}',
      'https://example.org:8080/path@x',
      '-----BEGIN CERTIFICATE-----',
      'the bearer of news',
    ])
      expect(redactText(text)).toBe(text);
  });

  it('takes no longer for text that almost looks like secrets', () => {
    // Each of these is a beginning that never ends; a regular expression that goes back on itself would not finish.
    const long = 50_000;
    for (const part of ['-----BEGIN ', 'password', 'bearer  ', '://a:', 'eyJaaaaaaaa.', 'A'])
      expect(redactText(part.repeat(long / part.length))).not.toContain('undefined');
  });
});

describe('JSON', () => {
  it('loses secrets in strings, keys and members that are named so, at any depth', () => {
    const value = {
      a: [{ text: `x ${VALUE}` }],
      [VALUE]: 1,
      clientSecret: 'abc',
      password: '1',
      n: null,
      token: 'word',
    };
    expect(redactJson(value)).toEqual({
      a: [{ text: `x ${REDACTED}` }],
      [REDACTED]: 1,
      clientSecret: REDACTED,
      password: REDACTED,
      n: null,
      token: 'word',
    });
  });

  it('is given back itself when there is none', () => {
    const redactor = createRedactor({ values: [] });
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(redactor.redactJson(value)).toBe(value);
      }),
      { numRuns: 50, examples: [[{ a: ['b', { c: null }] }]] },
    );
  });
});

describe('a stream', () => {
  const piece = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(VALUE, 'plainvalue', ...Object.values(SECRETS), key('EC ', false)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('Bearer abcdef123456', 'password=hunter2!x', '://me:hunter2@', 'Basic dXNlcjpwYXNz'),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom(' ', '\n', '"', '.', ', ', '-----BEGIN ', 'PRIVATE KEY-----', 'sk-', 'plain', 'pass'),
    },
    { weight: 2, arbitrary: fc.string({ maxLength: 12 }) },
  );
  const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));

  it('gives what the whole text would give, however it is cut', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 20 }), (whole, cuts) => {
        const stream = createStreamRedactor();
        const out = chunks(whole, cuts).map((chunk) => stream.push(chunk));
        expect(out.join('') + stream.flush()).toBe(redactText(whole));
      }),
      { numRuns: 1500 },
    );
  });

  it('finds a secret that comes character by character', () => {
    const stream = createStreamRedactor();
    const out = [...`x ${VALUE} y ${SECRETS['an API key']} z`].map((char) => stream.push(char)).join('');
    expect(out + stream.flush()).toBe(`x ${REDACTED} y ${REDACTED} z`);
  });

  it('holds back only what may be the beginning of a secret', () => {
    const stream = createStreamRedactor();
    expect(stream.push('$ ls\r\n')).toBe('$ ls\r\n');
    expect(stream.push('my pass')).toBe('my ');
    expect(stream.push('port')).toBe('passport');
    expect(stream.push(' sk-abc')).toBe(' ');
    expect(stream.flush()).toBe('sk-abc');
  });

  it('lets go of what never ends', () => {
    const stream = createStreamRedactor();
    let shown = '';
    for (let n = 0; n < 20; n++) shown += stream.push(n === 0 ? 'Bearer ' : 'a'.repeat(8192));
    expect(shown.startsWith(`Bearer ${REDACTED}`)).toBe(true);
  });
});

function chunks(whole: string, cuts: number[]): string[] {
  const places = cuts.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b);
  return [0, ...places].map((start, n) => whole.slice(start, places[n]));
}
