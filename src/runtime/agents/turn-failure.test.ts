import { describe, expect, it } from 'vitest';
import { turnFailure } from './turn-failure.ts';

const lines = (...all: object[]) => all.map((line) => `${JSON.stringify(line)}\r\n`).join('');

describe('the last turn of codex', () => {
  const failed = (message: string) => lines({ type: 'error', message }, { type: 'turn.failed', error: { message } });

  it('failed with the provider’s words', () => {
    const message = JSON.stringify({ error: { message: 'No such model.' } });
    expect(turnFailure('codex', lines({ type: 'turn.started' }) + failed(message))).toBe('No such model.');
    expect(turnFailure('codex', failed('last status: 429'))).toBe('last status: 429');
  });

  it('did not fail when it completed, or went on after a retry', () => {
    const retry = { type: 'error', message: 'Reconnecting... 1/5' };
    expect(turnFailure('codex', lines(retry))).toBe('Reconnecting... 1/5');
    expect(turnFailure('codex', lines(retry, { type: 'item.started', item: {} }))).toBeNull();
    expect(turnFailure('codex', failed('x') + lines({ type: 'turn.completed', usage: {} }))).toBeNull();
    const warning = { type: 'item.completed', item: { type: 'error', message: 'metadata not found' } };
    expect(turnFailure('codex', lines(warning))).toBeNull();
  });
});

describe('the last turn of claude', () => {
  it('failed although it says success', () => {
    const result = { type: 'result', subtype: 'success', is_error: true, terminal_reason: 'api_error' };
    expect(turnFailure('claude', lines({ ...result, result: 'API Error: 400' }))).toBe('API Error: 400');
    expect(turnFailure('claude', lines(result))).toBe('The turn ended with api_error.');
  });

  it('failed when it was interrupted without an error', () => {
    const result = { type: 'result', is_error: false, terminal_reason: 'aborted_tools', result: '' };
    expect(turnFailure('claude', lines(result))).toBe('The turn ended with aborted_tools.');
  });

  it('waits for a retry, until it goes on', () => {
    const retry = { type: 'system', subtype: 'api_retry', error_status: 429, error: 'rate_limit' };
    expect(turnFailure('claude', lines(retry))).toBe('rate_limit (429), retried');
    expect(turnFailure('claude', lines(retry, { type: 'assistant' }))).toBeNull();
    const result = { type: 'result', is_error: false, terminal_reason: 'completed', result: 'Done.' };
    expect(turnFailure('claude', lines(retry, result))).toBeNull();
  });
});

describe('the last turn of opencode', () => {
  it('failed with the error that it ended with', () => {
    const error = { type: 'error', error: { name: 'APIError', data: { message: 'No such model.' } } };
    expect(turnFailure('opencode', lines({ type: 'step_start' }, error))).toBe('No such model.');
    expect(turnFailure('opencode', lines({ type: 'error', error: { name: 'APIError' } }))).toBe('APIError');
    expect(turnFailure('opencode', lines(error, { type: 'text' }))).toBeNull();
  });
});

it('reads what is cut off, mixed with other output, or no object', () => {
  const failed = lines({ type: 'turn.failed', error: { message: 'broken' } });
  expect(turnFailure('codex', `pe":"turn.completed"}\r\n7\r\nnull\r\na warning\r\n ${failed}{"type":`)).toBe('broken');
  expect(turnFailure('codex', lines({ type: 'turn.failed', error: { message: 'x'.repeat(9000) } }))?.length).toBe(500);
});

it('knows nothing of plain text', () => {
  expect(turnFailure('text', lines({ type: 'turn.failed', error: { message: 'broken' } }))).toBeNull();
});
