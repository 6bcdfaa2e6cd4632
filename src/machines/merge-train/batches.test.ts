import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candidate, revert, train } from '../../../tests/support/examples.ts';
import { decided, type Given, given, type Said } from '../../../tests/support/given.ts';
import { isFailure } from '../../kernel/errors.ts';
import { type MergeTrain, mergeTrainActor, nextStep } from './index.ts';

const trainId = 'mtr_run';
const queue = (id: string, differs = {}): Said => ({
  name: 'queue_candidate',
  input: { trainId, train: train(), candidate: candidate(id, differs) },
});
const start = (ids: string, limit = 16): Said => ({
  name: 'start_batch',
  input: { trainId, candidateIds: [...ids], limit },
});
const refusal = (candidateId: string, code: string) => ({ candidateId, code, reason: code, files: [], check: null });
/** Each is merged onto the one before it; `x` in its name: it conflicts. */
const merged = (ids: string, conflicting = ''): Said => ({
  name: 'record_batch_merged',
  input: {
    trainId,
    merged: [...ids].map((id, n) => ({
      candidateId: id,
      onto: n ? `m-${ids[n - 1]}` : 'c8',
      commit: `m-${id}`,
      tree: `t-${id}`,
    })),
    refused: [...conflicting].map((id) => refusal(id, 'merge_conflict')),
  },
});
const checked = (ids: string, pass: boolean, again = false): Said => ({
  name: 'record_batch_check',
  input: { trainId, count: ids.length, commit: `m-${ids.at(-1)}`, pass, again, check: null },
});
const settle = (ids: string, atFault: string | null = null): Said => ({
  name: 'settle_batch',
  input: {
    trainId,
    landed: ids ? { count: ids.length, commit: `m-${ids.at(-1)}`, base: 'moved', reason: null, check: null } : null,
    refused: atFault && refusal(atFault, 'red_when_merged'),
  },
});
const about = (name: string, candidateId: string, more = {}): Said => ({
  name,
  input: { trainId, candidateId, ...more },
});
const after = (...said: Said[]): Given<MergeTrain> =>
  said.reduce((actor, one) => actor.when(one).next, given(mergeTrainActor));
const four = [queue('a'), queue('b'), queue('c'), queue('d')];
const inTrain = ({ state: { context } }: Given<MergeTrain>) => ({
  queue: context.queue.map((one) => one.candidateId).join(''),
  turn: context.current?.members.map((one) => one.candidate.candidateId).join('') ?? null,
  limit: context.limit,
});
const landed = (candidateId: string, from: string) => ({
  type: 'CandidateLanded',
  data: { candidateId, commit: `m-${candidateId}`, from, base: 'moved' },
});

describe('a batch', () => {
  it('lands as one, each candidate with its own merge', () => {
    const all = after(...four, start('abc'), merged('abc')).when(settle('abc'));
    const next = all.thenFacts(landed('a', 'c8'), landed('b', 'm-a'), landed('c', 'm-b'), {
      type: 'BatchEnded',
      data: { outcome: 'landed', limit: null },
    });
    expect(inTrain(next)).toEqual({ queue: 'd', turn: null, limit: null });
    next.when(settle('abc')).thenRejected('train.out_of_order');
    next.when(about('start_merge', 'd')).thenFacts('MergeStarted');
  });

  it('is made of the first of the line, of no revert, and of no more than may be', () => {
    const line = after(...four);
    line.when(start('ac')).thenRejected('train.out_of_order', 'not the first');
    line.when(start('abcd', 3)).thenRejected('train.out_of_order', 'At most 16');
    line.when(start('ab', 17)).thenRejected('train.out_of_order', 'At most 16');
    line.when(start('ab'), { changes: { 'mergeTrain.batchMax': 1 } }).thenRejected('train.out_of_order', 'At most 1 ');
    after(queue('a'), queue('b', { revert: revert() }))
      .when(start('ab'))
      .thenRejected('train.out_of_order', 'by itself');
    const busy = line
      .when(start('ab'))
      .thenFacts({ type: 'BatchStarted', data: { candidateIds: ['a', 'b'], limit: 16 } });
    busy.when(start('ab')).thenNothing();
    busy.when(start('cd')).thenRejected('train.out_of_order');
    busy.when(queue('e')).thenFacts('CandidateQueued');
    busy.when(queue('a')).thenNothing();
  });

  it('goes on without those that conflict, and ends when nobody merges', () => {
    const rest = after(...four, start('abc'))
      .when(merged('ac', 'b'))
      .thenFacts({ type: 'CandidateRefused', data: { candidateId: 'b' } }, 'CandidateMerged', 'CandidateMerged');
    expect(inTrain(rest)).toEqual({ queue: 'd', turn: 'ac', limit: null });
    rest.when(settle('ac')).thenFacts('CandidateLanded', 'CandidateLanded', 'BatchEnded');
    const none = after(...four, start('ab'))
      .when(merged('', 'ab'))
      .thenFacts('CandidateRefused', 'CandidateRefused', 'BatchEnded');
    expect(inTrain(none)).toEqual({ queue: 'cd', turn: null, limit: null });
  });

  it('is merged as it is, or not at all', () => {
    const started = after(...four, start('abc'));
    started.when(merged('ab')).thenRejected('train.out_of_order');
    started.when(merged('abcd')).thenRejected('train.out_of_order');
    started.when(settle('abc')).thenRejected('train.out_of_order');
  });

  it('finds by halves who is at fault: those before land, those behind wait again, and the next one is half as large', () => {
    const red = after(...four, start('abcd'), merged('abcd'), checked('abcd', false));
    expect(nextStep(red.state.context.current as never)).toEqual({ count: 2, again: false });
    const half = red.when(checked('ab', true)).next;
    expect(nextStep(half.state.context.current as never)).toEqual({ count: 3, again: false });
    const found = half.when(checked('abc', false)).next;
    expect(nextStep(found.state.context.current as never)).toEqual({ count: 3, again: true });
    const end = found
      .when(settle('ab', 'c'))
      .thenFacts(
        landed('a', 'c8'),
        landed('b', 'm-a'),
        { type: 'CandidateRefused', data: { candidateId: 'c' } },
        { type: 'BatchEnded', data: { outcome: 'split', limit: 8 } },
      );
    expect(inTrain(end)).toEqual({ queue: 'd', turn: null, limit: 8 });
  });

  it('blames the first when nobody stands before it, and nobody else than who was found', () => {
    const red = after(...four, start('ab'), merged('ab'), checked('ab', false), checked('a', false));
    red.when(settle('', 'b')).thenRejected('train.out_of_order');
    red.when(settle('a', 'a')).thenRejected('train.out_of_order');
    red.when(settle('')).thenRejected('train.out_of_order');
    red.when(settle('a')).thenRejected('train.out_of_order', 'has not been judged');
    red.when(settle('', 'a')).thenFacts('CandidateRefused', 'BatchEnded');
  });

  it('forgets a red verdict that does not come again', () => {
    const flaky = after(...four, start('abc'), merged('abc'), checked('abc', false), checked('a', false));
    const cleared = flaky.when(checked('a', true, true)).thenFacts('BatchChecked');
    cleared.when(checked('a', true, true)).thenNothing();
    cleared.when(checked('a', false)).thenNothing();
    expect(nextStep(cleared.state.context.current as never)).toEqual({ count: 2, again: false });
  });

  it('is given up when one of it is withdrawn, and the rest is first in the line', () => {
    const rest = after(...four, start('abc'), merged('abc'))
      .when(about('withdraw_candidate', 'b', { reason: 'cancelled' }))
      .thenFacts({ type: 'BatchEnded', data: { outcome: 'abandoned' } }, 'CandidateWithdrawn');
    expect(inTrain(rest)).toEqual({ queue: 'acd', turn: null, limit: null });
    rest.when(start('acd')).thenFacts('BatchStarted');
    const behind = after(...four, start('abc')).when(about('withdraw_candidate', 'd', { reason: '' }));
    behind.thenFacts('CandidateWithdrawn');
  });

  it('begins again when the branch has moved, and gives up a branch that moves twenty times', () => {
    let busy = after(...four, start('ab'));
    const restart = about('restart_merge', 'a', { reason: 'It moved.' });
    busy.when(restart).thenNothing();
    for (let round = 0; round < 20; round++)
      busy = busy.when(merged('ab')).next.when(checked('ab', false)).next.when(restart).thenFacts('MergeRestarted');
    expect(nextStep(busy.state.context.current as never)).toEqual({ count: 2, again: false });
    busy
      .when(merged('ab'))
      .next.when(restart)
      .thenFacts({ type: 'CandidateRefused', data: { code: 'branch_moved' } }, 'CandidateRefused', 'BatchEnded');
  });

  it('that cannot be carried out is taken apart', () => {
    const abandon = about('abandon_batch', 'a', { reason: 'git failed' });
    const apart = after(...four, start('abc'))
      .when(abandon)
      .thenFacts('BatchEnded');
    expect(inTrain(apart)).toEqual({ queue: 'abcd', turn: null, limit: 1 });
    apart.when(start('ab')).thenRejected('train.out_of_order', 'At most 1 ');
    const alone = apart.when(about('start_merge', 'a')).next;
    alone.when(abandon).thenRejected('train.out_of_order');
    const one = { onto: 'c8', commit: 'm1', tree: 't1' };
    const through = alone
      .when(about('record_merged', 'a', one))
      .next.when(about('land_candidate', 'a', { base: 'moved', reason: null, check: null })).next;
    expect(inTrain(through)).toEqual({ queue: 'bcd', turn: null, limit: 2 });
  });

  it('takes no step of a single merge', () => {
    const busy = after(...four, start('ab'), merged('ab'));
    const one = { onto: 'c8', commit: 'm1', tree: 't1' };
    const land = { base: 'moved', reason: null, check: null };
    busy.when(about('record_merged', 'a', one)).thenRejected('train.out_of_order');
    busy.when(about('land_candidate', 'a', land)).thenRejected('train.out_of_order');
    busy.when(about('refuse_candidate', 'a', refusal('a', 'no'))).thenRejected('train.out_of_order');
    const single = after(queue('a'), about('start_merge', 'a'), about('record_merged', 'a', one));
    single.when(checked('a', true)).thenRejected('train.out_of_order');
    single.when({
      name: 'settle_batch',
      input: { trainId, landed: { count: 1, commit: 'm1', ...land }, refused: null },
    });
  });

  it('of one run is told in that run, and in no task of it', () => {
    const scopeOf = ({ state }: Given<MergeTrain>) => mergeTrainActor.scope?.(state.context);
    const own = { repositoryId: 'rep_library', workflowId: 'wfl_bugfix' };
    const busy = after(...four, start('ab'), merged('ab'), checked('ab', false));
    expect(scopeOf(busy)).toEqual(own);
    expect(scopeOf(busy.when(settle('a', 'b')).next)).toEqual(own);
    const atBase = queue('a');
    (atBase.input as { train: unknown }).train = train({ kind: 'base' });
    expect(scopeOf(after(atBase, queue('b'), start('ab')))).toEqual({ repositoryId: 'rep_library' });
  });

  it('is read from a train that was carried over before there were any', () => {
    const { context } = after(queue('a'), about('start_merge', 'a')).state;
    const { limit: _none, ...before } = context;
    const current = { candidate: candidate('a'), merged: null, restarts: 0, since: context.current?.since };
    expect(mergeTrainActor.carried?.parse({ ...before, current })).toEqual(context);
  });
});

/** What a candidate does to a tree that passes; a flaky one makes the first check of a tree with it red. */
type Kind = 'good' | 'bad' | 'conflicting' | 'flaky';

describe('any mix of candidates', () => {
  const kinds = fc.array(fc.constantFrom<Kind>('good', 'good', 'good', 'bad', 'conflicting', 'flaky'), {
    maxLength: 40,
  });

  it('lands exactly the good ones, in their order, within the checks that are promised', () => {
    fc.assert(
      fc.property(kinds, fc.integer({ min: 1, max: 20 }), (given, batchMax) => {
        const { ends, order, checks, checksBut } = drive(given, batchMax);
        const expected = given.map(
          (kind) => ({ good: 'landed', flaky: 'landed', bad: 'red', conflicting: 'conflict' })[kind],
        );
        expect(ends).toEqual(expected);
        expect(order).toEqual([...order].sort((a, b) => a - b));
        const [k, f, n] = ['bad', 'flaky', ''].map((kind) => given.filter((one) => !kind || one === kind).length) as [
          number,
          number,
          number,
        ];
        const halves = Math.ceil(Math.log2(batchMax));
        expect(checksBut).toBeLessThanOrEqual(Math.ceil(n / batchMax) + 1 + k * (4 + halves));
        expect(checks).toBeLessThanOrEqual(Math.ceil(n / batchMax) + 1 + (k + f) * (4 + halves));
      }),
      { numRuns: 300 },
    );
  });

  it('takes one check for as many as may be together when all of them are good', () => {
    expect(drive(Array<Kind>(50).fill('good'), 16).checks).toBe(4);
    expect(drive(Array<Kind>(50).fill('good'), 1).checks).toBe(50);
    const oneBad = Array.from({ length: 50 }, (_, n): Kind => (n === 20 ? 'bad' : 'good'));
    expect(drive(oneBad, 16).checks).toBeLessThanOrEqual(4 + 1 + 8);
  });
});

/** A train driven to its end as the processes do, over trees that are lists of candidates. */
function drive(kinds: readonly Kind[], batchMax: number) {
  let train = given(mergeTrainActor);
  const changes = { 'mergeTrain.batchMax': batchMax };
  const say = (said: Said) => {
    const answer = decided(mergeTrainActor, train.state, said, { changes });
    expect(isFailure(answer) ? answer.message : '').toBe('');
    train = train.when(said, { changes }).next;
  };
  kinds.forEach((_, n) => say(queue(`${n}`)));
  const ends: string[] = kinds.map(() => 'open');
  const order: number[] = [];
  const seen = new Set<string>();
  let checks = 0;
  const flakes = new Set<string>();
  const kindOf = (id: string) => kinds[Number(id)] as Kind;
  /** Whether the tree of these candidates passes; the first look at a tree whose flaky one is new is red. */
  const passes = (ids: readonly string[]) => {
    checks++;
    const flaky = ids.find((id) => kindOf(id) === 'flaky' && !seen.has(id));
    if (flaky !== undefined) {
      seen.add(flaky);
      flakes.add(flaky);
      return false;
    }
    return !ids.some((id) => kindOf(id) === 'bad');
  };
  for (let turn = 0; train.state.context.queue.length > 0; turn++) {
    expect(turn).toBeLessThan(200);
    const { queue: line, limit } = train.state.context;
    const most = Math.min(batchMax, limit ?? batchMax);
    const ids = line.slice(0, most).map((one) => one.candidateId);
    const end = (id: string, how: string) => {
      ends[Number(id)] = how;
      if (how === 'landed') order.push(Number(id));
    };
    const fit = ids.filter((id) => kindOf(id) !== 'conflicting');
    const one = (id: string) => ({ candidateId: id, onto: 'c8', commit: `m-${id}`, tree: `t-${id}` });
    const out = ids.filter((id) => !fit.includes(id));
    if (ids.length === 1) {
      const [id] = ids as [string];
      say(about('start_merge', id));
      const red = fit.length > 0 && !passes(fit) && !passes(fit);
      if (fit.length > 0) say({ name: 'record_merged', input: { trainId, ...one(id) } });
      if (out.length > 0 || red) say(about('refuse_candidate', id, refusal(id, 'no')));
      else say(about('land_candidate', id, { base: 'moved', reason: null, check: null }));
      end(id, out.length > 0 ? 'conflict' : red ? 'red' : 'landed');
      continue;
    }
    say({ name: 'start_batch', input: { trainId, candidateIds: ids, limit: most } });
    const refused = out.map((id) => refusal(id, 'merge_conflict'));
    say({ name: 'record_batch_merged', input: { trainId, merged: fit.map(one), refused } });
    for (const id of out) end(id, 'conflict');
    for (let current = train.state.context.current; current; current = train.state.context.current) {
      const { count, again } = nextStep(current);
      const first = current.members.slice(0, count).map((member) => member.candidate.candidateId);
      const commit = `m-${first.at(-1)}`;
      const pass = passes(first) || (again && passes(first));
      const atFault = !pass && again ? (first.at(-1) as string) : null;
      if (!(pass && count === current.members.length) && atFault === null) {
        say({ name: 'record_batch_check', input: { trainId, count, commit, pass, again, check: null } });
        continue;
      }
      const landing = atFault === null ? first : first.slice(0, -1);
      say({
        name: 'settle_batch',
        input: {
          trainId,
          landed:
            landing.length > 0
              ? { count: landing.length, commit: `m-${landing.at(-1)}`, base: 'moved', reason: null, check: null }
              : null,
          refused: atFault && refusal(atFault, 'red_when_merged'),
        },
      });
      for (const id of landing) end(id, 'landed');
      if (atFault !== null) end(atFault, 'red');
    }
  }
  return { ends, order, checks, checksBut: flakes.size === 0 ? checks : 0 };
}
