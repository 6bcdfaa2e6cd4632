import { expect, it } from 'vitest';
import { type CoherenceAnswer, coherenceLines, triedLines } from './coherence.ts';

const ASOF = 1_000_000;
const row: CoherenceAnswer['rows'][string] = {
  ...{ agentId: 'agt_1', agent: 'claude', taskId: 'tsk_1', phase: 'fix', status: 'live.working', living: true },
  ...{ score: 0.667, why: 'It runs in circles\u001b[31m.', measuredAt: ASOF - 5_000 },
  signals: [
    { name: 'loops', trouble: 1, why: '8 times the same: $ ls', weight: 3 },
    { name: 'regression', trouble: null, why: 'No verdict yet.', weight: 2 },
  ],
  series: [
    [1, 1],
    [2, 1],
    [3, null],
    [4, 0.667],
  ],
  warnings: [
    {
      ...{ warning: 'silence', reason: 'Silent for 6 min.', since: ASOF - 900_000, stopAfterMs: 600_000 },
      evidence: { at: ASOF - 900_000 },
      followed: { text: 'It spoke.', evidence: { at: ASOF - 840_000 } },
    },
    {
      ...{ warning: 'loops', reason: '8 times the same.', since: ASOF - 60_000, stopAfterMs: null },
      ...{ evidence: { at: ASOF - 60_000 }, followed: null },
    },
  ],
};
const summary = { score: 0.667, living: 2, measured: 1, warnings: 1, settings: { intervalMs: 30_000 } };
const answer = (more: Partial<CoherenceAnswer> = {}): CoherenceAnswer => ({
  ...{ params: {}, asOf: ASOF, rows: { agt_1: row }, summary },
  ...more,
});

it('shows all agents in a table, and all together', () => {
  const [heading, first, , last] = coherenceLines(answer());
  expect(heading).toMatch(/agent +of +status +coherence +measured +warned of +why/);
  expect(first).toMatch(/agt_1 +claude +working +67 % drifting +5 s ago +going in circles +It runs in circles\./);
  expect(last).toBe('All together: 67 % drifting, from 1 of 2 agents. 1 warning open. Each is looked at every 30.0 s.');
});

it('shows one agent with its signals, its line and what followed from warnings', () => {
  const lines = coherenceLines(answer({ params: { agentId: 'agt_1' } }));
  expect(lines[0]).toBe('agt_1 (claude, phase fix, working)');
  expect(lines).toContain('Over time: 100 % → ? → 67 %');
  expect(lines.join('\n')).toMatch(/tests getting worse +not measured +2 +No verdict yet\./);
  expect(lines.join('\n')).toContain('then, after 1 min: It spoke.');
  expect(lines.at(-1)).toBe('    it still holds.');
});

it('says that nothing is known where nothing is, and that nobody is looked at where the settings say so', () => {
  expect(coherenceLines(answer({ params: { agentId: 'agt_2' }, rows: {} }))).toEqual([
    'Nothing was measured of this agent.',
  ]);
  const unknown = { ...row, score: null, measuredAt: null, warnings: [] };
  expect(coherenceLines(answer({ rows: { agt_1: unknown } }))[1]).toMatch(/working +not known +– +–/);
  const off = coherenceLines(answer({ rows: {}, summary: { ...summary, settings: { intervalMs: 0 } } }));
  expect(off.at(-1)).toContain('guardian.intervalMs is 0');
});

it('shows what other thresholds would have meant', () => {
  const lines = triedLines({
    ...{ verdicts: 12, score: { recorded: 0.9, tried: null } },
    signals: [{ signal: 'loops', warned: 1, wouldWarn: 4 }],
    different: [{ agentId: 'agt_1', signal: 'loops', wouldWarn: true, why: '3 times the same', at: 1 }],
  });
  expect(lines.join('\n')).toContain('Of 12 verdicts; the mean score was 90 % coherent and would be not known.');
  expect(lines.at(-1)).toBe('agt_1: would be warned of going in circles: 3 times the same');
  expect(triedLines({ verdicts: 0, score: { recorded: null, tried: null }, signals: [], different: [] })).toEqual([
    'No verdict is recorded yet.',
  ]);
});
