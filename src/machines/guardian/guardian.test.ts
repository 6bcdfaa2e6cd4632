import { describe, expect, it } from 'vitest';
import { given, type Said } from '../../../tests/support/given.ts';
import { measured } from '../../../tests/support/measures.ts';
import type { GuardianFact } from './events.ts';
import { guardianActor } from './machine.ts';
import type { Measured } from './measured.ts';

const agentId = 'agt_ada';
const watched = {
  ...{ agentId, taskId: 'tsk_parser', workflowId: 'wfl_bugfix', repositoryId: 'rep_library', runnerId: 'local' },
  ...{ agent: 'claude', phase: 'fix', attempt: 1 },
};
const SILENT: Measured['silence'] = {
  ...{ silentMs: 400_000, promisedMs: 300_000, activity: 'working', running: null, busy: 0 },
};
const MINUTE = 60_000;

/** A look at so many minutes, by one who watches since the beginning and looked half a minute before. */
const look = (minute: number, differs: Partial<Measured> = {}, times: Record<string, unknown> = {}): Said => ({
  name: 'judge_agent',
  actor: 'process:guardian',
  input: {
    ...watched,
    ...{ measuredAt: minute * MINUTE, heldUntil: minute === 0 ? null : (minute - 0.5) * MINUTE, watchedSince: 0 },
    ...times,
    measured: measured(differs),
  },
});

describe('a verdict', () => {
  it('is recorded with what it rests on, when the first look is taken', () => {
    const { facts } = given(guardianActor).when(look(0));
    const [begun, verdict] = facts as GuardianFact[];
    expect(begun).toMatchObject({ type: 'WatchBegun', data: watched });
    expect(verdict?.data).toMatchObject({
      score: 1,
      measured: measured(),
      thresholds: { loopsMax: 4 },
      weights: { silence: 3 },
      signals: { outside_scope: { trouble: null }, silence: { trouble: 0 } },
    });
  });

  it('is not said again while nothing changes, but now and then, so that it is known to hold', () => {
    const first = given(guardianActor).when(look(0)).next;
    first.when(look(1)).thenNothing();
    first.when(look(4.5)).thenNothing();
    first.when(look(5)).thenFacts({ type: 'AgentJudged', data: { heldUntil: 4.5 * MINUTE } });
  });

  it('is recorded when a signal changes by a step, and when nobody had looked before it', () => {
    const first = given(guardianActor).when(look(0)).next;
    first.when(look(1, { loops: { times: 3, action: '$ ls', stale: 4 } })).thenFacts('AgentJudged');
    first.when(look(1, {}, { heldUntil: null })).thenFacts('AgentJudged');
  });

  it('is not known where nothing was measured', () => {
    const nothing = { unknown: 'no runner' };
    const all = { silence: nothing, repeated_errors: nothing, loops: nothing, budget: nothing };
    given(guardianActor)
      .when(look(0, all))
      .thenFacts('WatchBegun', { type: 'AgentJudged', data: { score: null } });
  });
});

describe('a warning', () => {
  it('is raised when a signal is in trouble, and taken back when it is measured not to be', () => {
    const warned = given(guardianActor)
      .when(look(0, { loops: { times: 8, action: '$ ls', stale: 9 } }))
      .thenFacts('WatchBegun', 'AgentJudged', { type: 'WarningRaised', data: { warning: 'loops', stopAfterMs: null } });
    warned.when(look(1, { loops: { unknown: 'no runner' } })).thenFacts('AgentJudged');
    warned.when(look(1)).thenFacts('AgentJudged', { type: 'WarningCleared', data: { warning: 'loops' } });
  });

  it('of a silence in which nothing works leads to a stop when it has lasted, and once', () => {
    const warned = given(guardianActor)
      .when(look(0))
      .next.when(look(1, { silence: SILENT }))
      .thenFacts('AgentJudged', { type: 'WarningRaised', data: { warning: 'silence', stopAfterMs: 600_000 } });
    warned.when(look(10.9, { silence: SILENT })).thenFacts('AgentJudged');
    const stopped = warned
      .when(look(11, { silence: SILENT }))
      .thenFacts('AgentJudged', { type: 'StopDecided', data: { warning: 'silence' } });
    expect(stopped.state.value).toBe('stopping');
    stopped.when(look(12, { silence: SILENT })).thenNothing();
  });

  it('counts only from when it is watched without a break', () => {
    const warned = given(guardianActor)
      .when(look(0))
      .next.when(look(1, { silence: SILENT })).next;
    const anew = warned.when(look(60, { silence: SILENT }, { watchedSince: 55 * MINUTE, heldUntil: null }));
    anew.thenFacts('AgentJudged');
    anew.next
      .when(look(65, { silence: SILENT }, { watchedSince: 55 * MINUTE }))
      .thenFacts('AgentJudged', { type: 'StopDecided', data: { warning: 'silence' } });
  });

  it('stops nobody of whom it is not measured whether anything works', () => {
    const unknown = { ...SILENT, silentMs: 9_000_000, busy: null } as Measured['silence'];
    const warned = given(guardianActor)
      .when(look(0, { silence: unknown }))
      .thenFacts('WatchBegun', 'AgentJudged', { type: 'WarningRaised', data: { stopAfterMs: null } });
    warned.when(look(600, { silence: unknown })).thenFacts('AgentJudged');
  });
});

describe('an orphan', () => {
  const orphan = (stopAfterMs: number | null): Said => ({
    name: 'report_orphan',
    actor: 'process:guardian',
    input: { ...watched, reason: 'It lives here, and the log knows no such agent.', stopAfterMs },
  });
  const stop: Said = {
    name: 'decide_stop',
    actor: 'process:guardian',
    input: { agentId, warning: 'orphan', reason: 'nobody wants it' },
  };

  it('is warned of before it is stopped, and stopped once', () => {
    given(guardianActor).when(stop).thenRejected('guardian.not_warned');
    const warned = given(guardianActor).when(orphan(0)).thenFacts('WatchBegun', 'WarningRaised');
    warned.when(orphan(0)).thenNothing();
    warned.when(stop).thenFacts('StopDecided').when(stop).thenNothing();
  });

  it('is left alone where the settings say so', () => {
    given(guardianActor).when(orphan(null)).next.when(stop).thenRejected('guardian.not_warned');
  });
});
