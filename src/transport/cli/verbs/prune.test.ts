import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cliWorld } from '../../../../tests/support/cli-world.ts';
import { announce, type Answer, type Asked, fakeServer } from '../../../../tests/support/fake-server.ts';
import { main } from '../main.ts';

let data = '';
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'heph-prune-'));
});
afterEach(() => rmSync(data, { recursive: true }));

const kept = (n: number, prunable = true) => ({
  ...{ ref: `refs/heph/turns/tsk_${n}/1`, repositoryId: 'rep_1', taskId: `tsk_${n}`, keptAt: 0, prunable },
});

/** `ends`: what each pruning comes to, in turn. */
async function prune(words: string[], rows: object[], ends: [type: string, data: object][] = []) {
  const asked: Asked[] = [];
  let begun = 0;
  const answer = (one: Asked): Answer => {
    asked.push(one);
    const name = one.path.split('/').at(-1) as string;
    if (name === 'health') return { body: { startedAt: 1 } };
    if (name === 'prune_kept_work') begun++;
    const [type, more] = ends[begun - 1] ?? [];
    const event = { position: '8', at: 0, stream: `pruning-prn_${begun}`, type, data: more, meta: {} };
    const result = name === 'get_view' ? { rows } : { events: [event], position: '8' };
    return { body: { ok: true, id: `prn_${begun}`, stream: `pruning-prn_${begun}`, position: '7', result } };
  };
  await using server = await fakeServer(answer);
  announce(data, server);
  const cli = cliWorld({ env: { HEPH_DATA: data } });
  const code = await main(['prune', ...words], cli.world, '0', async () => []);
  const sent = asked.filter(({ path }) => path.endsWith('prune_kept_work'));
  return { code, out: cli.out(), err: cli.err(), sent, asked };
}

describe('heph prune', () => {
  it('says what it would remove, and removes nothing', async () => {
    const { code, out, sent } = await prune(['--dry-run'], [kept(1), kept(2, false)]);
    expect([code, sent.length]).toEqual([0, 0]);
    expect(out).toContain('refs/heph/turns/tsk_1/1');
    expect(out).not.toContain('tsk_2');
    expect(out).toContain('1 refs would be removed. 1 of 2 refs of kept work are of younger runs');
  });

  it('removes and says what it removed, as often as there is more', async () => {
    const done = (...removed: string[]): [string, object] => ['PruningCompleted', { removed, gone: [], differing: [] }];
    const { code, out, sent } = await prune(['--older-than', '0'], [kept(1), kept(2)], [done('a'), done('b')]);
    expect([code, sent.length]).toEqual([0, 2]);
    expect(out).toContain('Removed a\nRemoved b\n2 refs were asked for.');
    expect(sent[0]?.body).toMatchObject({ olderThanMs: 0 });
  });

  it('leaves what holds something else, and asks for it once', async () => {
    const left: [string, object] = ['PruningCompleted', { removed: [], gone: [], differing: ['a'] }];
    const { code, out, sent } = await prune([], [kept(1), kept(2)], [left, left]);
    expect([code, sent.length]).toEqual([0, 1]);
    expect(out).toContain('Left a: it holds something else than what is recorded.');
    expect(sent[0]?.body).toMatchObject({ olderThanMs: 30 * 86_400_000 });
  });

  it('does nothing where nothing may go', async () => {
    const { code, out, sent } = await prune([], [kept(1, false)]);
    expect([code, sent.length]).toEqual([0, 0]);
    expect(out).toContain('Nothing is to be removed.');
  });

  it('fails where it could not be done', async () => {
    const { code, out } = await prune([], [kept(1)], [['PruningFailed', { reason: 'The disk is full.' }]]);
    expect([code, out]).toEqual([1, expect.stringContaining('The disk is full.')]);
  });

  it.each(['soon', '3', '-1d', '1y', '1.5d'])('takes no age like %j', async (age) => {
    const { code, err, asked } = await prune([`--older-than=${age}`], []);
    expect([code, err.includes('(cli.usage)')]).toEqual([2, true]);
    expect(asked.filter(({ path }) => path.includes('/api/'))).toEqual([]);
  });
});
