import { describe, expect, it } from 'vitest';
import { type Fault, messageOf } from '../../../kernel/errors.ts';
import { prepareRows } from '../../append-rules.ts';
import { readOnlyFault } from './failures.ts';
import type { Asked, Group } from './group.ts';
import type { ScribeLink } from './scribe-link.ts';
import { createWriter } from './writer.ts';

/** A scribe that answers when it is told to. */
function heldScribe() {
  const groups: { asked: readonly Asked[]; answer(): void; fail(error: unknown): void }[] = [];
  let arrived = () => {};
  let position = 0;
  const calls: string[] = [];
  const link: ScribeLink = {
    epoch: 1,
    position: 0,
    write: (asked) =>
      new Promise<Group>((resolve, reject) => {
        groups.push({ asked, answer: () => resolve(groupOf(asked)), fail: reject });
        arrived();
      }),
    finish: async () => void calls.push('finish'),
    close: async () => void calls.push('close'),
    stopped: () => stopped,
  };
  let stopped: Fault | undefined;
  function groupOf(asked: readonly Asked[]): Group {
    const outcomes = asked.map(() => ({ appended: { revision: 0, position: BigInt(++position), repeated: false } }));
    return { outcomes, kinds: [], written: asked.length, chars: 0, head: { position, hash: '' } };
  }
  return {
    link,
    calls,
    stop: (fault: Fault) => {
      stopped = fault;
    },
    /** The n-th group, as soon as it is asked for. */
    async group(n: number) {
      while (groups.length <= n) await new Promise<void>((resolve) => (arrived = resolve));
      return groups[n] as (typeof groups)[number];
    },
  };
}

const event = { id: 'e', type: 'Noted', v: 1, at: 1, data: {}, meta: { actor: 'a', correlationId: 'c' } };
const ask = (name: string): Asked => ({
  stream: `task-${name}`,
  expected: 'any',
  rows: prepareRows('task-x', [event]),
});
const namesOf = (asked: readonly Asked[]) => asked.map(({ stream }) => stream.slice('task-'.length)).join();

describe('a group', () => {
  it('takes what arrives in one turn, and the next one what arrives while it is written', async () => {
    const scribe = heldScribe();
    const writer = createWriter(scribe.link, () => {});
    const answers = [writer.append(ask('a')), writer.append(ask('b'))];
    const first = await scribe.group(0);
    expect(namesOf(first.asked)).toBe('a,b');
    answers.push(writer.append(ask('c')));
    await new Promise((resolve) => setImmediate(resolve));
    answers.push(writer.append(ask('d')));
    first.answer();
    const second = await scribe.group(1);
    expect(namesOf(second.asked)).toBe('c,d');
    second.answer();
    expect((await Promise.all(answers)).map(({ position }) => position)).toEqual([1n, 2n, 3n, 4n]);
  });

  it('is told to the store before anybody who waits for it', async () => {
    const scribe = heldScribe();
    const told: string[] = [];
    const writer = createWriter(scribe.link, () => told.push('store'));
    const answer = writer.append(ask('a')).then(() => told.push('caller'));
    (await scribe.group(0)).answer();
    await answer;
    expect(told).toEqual(['store', 'caller']);
  });

  it('that fails takes with it what waits behind it, when the scribe has stopped', async () => {
    const scribe = heldScribe();
    const writer = createWriter(scribe.link, () => {});
    const settled = Promise.allSettled([writer.append(ask('a'))]);
    const first = await scribe.group(0);
    const behind = writer.append(ask('b'));
    const fault = readOnlyFault('the disk is gone');
    scribe.stop(fault);
    first.fail(fault);
    (await scribe.group(1)).fail(fault);
    expect(await settled).toMatchObject([{ status: 'rejected', reason: fault }]);
    await expect(behind).rejects.toBe(fault);
    await expect(writer.append(ask('c'))).rejects.toBe(fault);
    expect(writer.state()).toMatchObject({ state: 'read_only', reason: messageOf(fault) });
  });
});

describe('closing', () => {
  it('refuses what comes, waits for what is under way and what waits behind it, and only then finishes', async () => {
    const scribe = heldScribe();
    const writer = createWriter(scribe.link, () => {});
    const under = writer.append(ask('a'));
    const first = await scribe.group(0);
    const behind = writer.append(ask('b'));
    const closed = writer.close();
    await expect(writer.append(ask('c'))).rejects.toMatchObject({ code: 'log.closed' });
    first.answer();
    await under;
    expect(scribe.calls).toEqual([]);
    (await scribe.group(1)).answer();
    await Promise.all([behind, closed]);
    expect(scribe.calls).toEqual(['finish']);
  });
});
