import { describe, expect, it } from 'vitest';
import { claude, codex, opencode } from '../../../tests/coherence/drivers.ts';
import { sightings } from './steps.ts';

describe('what an agent’s output tells of its doing', () => {
  it.each([
    ['codex', codex],
    ['claude', claude],
    ['opencode', opencode],
  ] as const)('is each command of %s with its outcome', (form, driver) => {
    const [result] = sightings(form, driver.ran('npm test', 'not ok', 1)).filter(({ kind }) => kind === 'result');
    expect(result).toMatchObject({ outcome: 'not ok', failed: true });
    const seen = sightings(form, driver.ran('npm test', 'ok'));
    expect(seen.at(-1)).toMatchObject({ kind: 'result', outcome: 'ok', failed: false });
    expect(seen.some((one) => 'action' in one && one.action === '$ npm test')).toBe(true);
  });

  it('is a command that has begun, and is not over', () => {
    expect(sightings('claude', claude.began('npm start'))).toMatchObject([{ kind: 'call', action: '$ npm start' }]);
    expect(sightings('codex', codex.began('npm start'))).toMatchObject([{ kind: 'call', action: '$ npm start' }]);
  });

  it('is an edit whose outcome cannot be compared, where its content is not told', () => {
    expect(sightings('codex', codex.edited('a.js', 'x'))).toMatchObject([{ kind: 'result', unique: true }]);
  });

  it('is a failed question to the model', () => {
    const failed = [{ kind: 'result', failed: true, action: 'ask the model' }];
    expect(sightings('claude', claude.retried('overloaded_error', 529))).toMatchObject(failed);
    expect(sightings('codex', '{"type":"turn.failed","error":{"message":"quota"}}\n')).toMatchObject(failed);
    expect(sightings('opencode', opencode.failed('bad request'))).toMatchObject(failed);
  });

  it('is lines where it prints plain text, and nothing of what it asks us while it waits', () => {
    expect(sightings('text', 'one\n\ntwo\n')).toEqual([
      { kind: 'line', text: 'one' },
      { kind: 'line', text: 'two' },
    ]);
    const waits = { type: 'tool_use', id: 't', name: 'mcp__heph__wait_for_events', input: {} };
    expect(sightings('claude', JSON.stringify({ type: 'assistant', message: { content: [waits] } }))).toEqual([]);
  });

  it('is nothing of what is cut, of another shape, or no JSON', () => {
    const odd = '{"type":"assist\nplain words\n{"type":"user"}\n{"type":"item.completed","item":null}\n[1]\nnull\n';
    for (const form of ['claude', 'codex', 'opencode'] as const) expect(sightings(form, odd)).toEqual([]);
  });
});
