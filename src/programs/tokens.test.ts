import { match, notStrictEqual, strictEqual } from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemRandom } from '../kernel/adapters/system.ts';
import { operatorToken } from './tokens.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'heph-token-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('the token is made once and only its owner reads it', () => {
  const token = operatorToken(directory, systemRandom);
  match(token, /^\w+_[\w-]{43}$/);
  strictEqual(operatorToken(directory, systemRandom), token);
  strictEqual(statSync(join(directory, 'operator.token')).mode & 0o777, 0o600);
  expect(readdirSync(directory)).toEqual(['operator.token']);
});

test('a file that was begun and not written is no token', () => {
  writeFileSync(join(directory, 'operator.token'), '', { mode: 0o600 });
  writeFileSync(join(directory, 'operator.token.new'), 'half', { mode: 0o600 });
  const token = operatorToken(directory, systemRandom);
  notStrictEqual(token, '');
  strictEqual(operatorToken(directory, systemRandom), token);
});
