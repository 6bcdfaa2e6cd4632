import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applied, decided, type Said } from '../../tests/support/given.ts';
import { MOVES, type Move } from '../../tests/support/moves/index.ts';
import { ACTORS, COMMANDS } from '../actors/catalogue.ts';
import { isFailure } from '../kernel/errors.ts';
import type { AgentFact } from './agent/index.ts';
import { type BestOfN, type BestOfNFact, openRescoring, select } from './best-of-n/index.ts';
import type { Config, ConfigFact } from './config/index.ts';
import type { ActorKind, ActorState, Fact } from './define-actor.ts';
import type { Fleet } from './fleet/index.ts';
import type { Guardian, GuardianFact } from './guardian/index.ts';
import type { Inbox, InboxFact } from './inbox/index.ts';
import { candidatesOf, type MergeTrain, type MergeTrainFact, nextStep } from './merge-train/index.ts';
import type { RunnerFact, RunnerState } from './runner/index.ts';
import type { Task, TaskFact } from './task/index.ts';
import type { Workflow } from './workflow/index.ts';

const RUNS = 60;
const MOVES_MAX = 120;
/** Commands that are true anew each time they are said. */
const REPEATABLE = [
  ...['report_progress', 'report_usage', 'record_denial', 'renew_lease'],
  ...['message_agent', 'message_task'],
];
const SETTINGS = { changes: { 'fleet.cap': 2, 'fleet.perAgent': { claude: 1 }, 'limits.restartsMax': 2 } };

interface Story {
  state: ActorState<unknown>;
  facts: Fact[];
  /** Commands that led to facts, by name. */
  effective: string[];
}
type Look = (state: ActorState<unknown>, facts: readonly Fact[]) => void;

describe.each([...ACTORS.values()])('random commands to $kind', (actor) => {
  const sequences = (minLength: number) =>
    fc.array(MOVES[actor.kind] as fc.Arbitrary<Move>, { minLength, maxLength: MOVES_MAX, size: 'max' });
  const moves = sequences(1);

  it('are decided without a throw, by facts that fit and parse, and said twice are true once', () => {
    fc.assert(
      fc.property(moves, (sequence) => {
        const { state, facts } = tell(actor, sequence);
        expect(state.revision).toBe(facts.length - 1);
      }),
      { numRuns: RUNS },
    );
  });

  it('give the same state when their facts are folded again, from JSON too', () => {
    fc.assert(
      fc.property(moves, (sequence) => {
        const { state, facts } = tell(actor, sequence);
        const read = JSON.parse(JSON.stringify(facts)) as Fact[];
        expect(read.reduce((folded, fact) => applied(actor, folded, fact), actor.start())).toEqual(state);
      }),
      { numRuns: RUNS },
    );
  });

  it('keep what the actor promises', () => {
    const promise = PROMISES[actor.kind] as Look;
    fc.assert(
      fc.property(moves, (sequence) => {
        tell(actor, sequence, promise);
      }),
      { numRuns: RUNS },
    );
  });

  // A fixed seed: whether a rare fact comes up must not be a matter of luck.
  it('lead to every fact, and every command leads to one', () => {
    const stories = fc.sample(sequences(MOVES_MAX), { seed: 1, numRuns: 300 }).map((sequence) => tell(actor, sequence));
    const facts = new Set(stories.flatMap((story) => story.facts.map(({ type }) => type)));
    const missing = Object.keys(actor.facts).filter((type) => !facts.has(type));
    expect(missing).toEqual([]);
    const effective = new Set(stories.flatMap((story) => story.effective));
    const dead = [...COMMANDS.values()].filter(({ kind, name }) => kind === actor.kind && !effective.has(name));
    expect(dead.map(({ name }) => name)).toEqual([]);
  });
});

const PROMISES: Record<string, Look> = {
  config(state, facts) {
    const versions = (facts as ConfigFact[]).map((fact) => fact.data.version);
    expect(versions).toEqual(versions.map((_version, n) => n + 1));
    expect((state.context as Config).version).toBe(versions.length);
  },
  workflow(state, _facts) {
    const { phases, definition, delivering } = state.context as Workflow;
    expect(phases.filter(({ status }) => status === 'started').length).toBeLessThanOrEqual(1);
    expect(new Set(phases.map(({ name, round }) => `${name} ${round}`)).size).toBe(phases.length);
    for (const { round } of phases) expect(round).toBeLessThanOrEqual(definition.rounds_max);
    if (state.value === 'completed') expect(delivering).not.toBeNull();
  },
  task(state, facts) {
    const { spec, attempt, failures, rounds, restarts } = state.context as Task;
    const free = (facts as TaskFact[]).filter((fact) => fact.type === 'AttemptFailed' && !fact.data.counts).length;
    expect(failures).toBeLessThanOrEqual(spec.attemptsMax);
    expect(rounds).toBeLessThanOrEqual(spec.roundsMax);
    expect(restarts).toBeLessThanOrEqual(2);
    expect(attempt).toBeLessThanOrEqual((restarts + 1) * (spec.attemptsMax + spec.roundsMax - 1) + free);
    const assigned = (facts as TaskFact[]).flatMap((fact) => (fact.type === 'TaskAssigned' ? fact.data.attempt : []));
    expect(assigned).toEqual(assigned.map((_attempt, n) => n + 1));
  },
  agent(state, facts) {
    const of = (...types: AgentFact['type'][]) => facts.filter(({ type }) => (types as string[]).includes(type)).length;
    const over = state.value === 'exited' || state.value === 'lost';
    expect(of('AgentStarted')).toBeLessThanOrEqual(1);
    expect(of('StopRequested')).toBeLessThanOrEqual(1);
    expect(of('AgentExited', 'AgentFailed', 'AgentLost')).toBe(over ? 1 : 0);
  },
  inbox(state, facts) {
    expect((state.context as Inbox).dismissed).toEqual((facts as InboxFact[]).map(({ data }) => data.matterId));
  },
  fleet(state, _facts) {
    const slots = Object.values((state.context as Fleet).slots);
    expect(slots.length).toBeLessThanOrEqual(2);
    expect(slots.filter(({ agent }) => agent === 'claude').length).toBeLessThanOrEqual(1);
  },
  mergeTrain(state, facts) {
    const { queue, current, ended } = state.context as MergeTrain;
    expect(current !== null).toBe(state.value !== 'idle');
    expect((current?.limit ?? null) !== null).toBe(state.value === 'batching');
    const ids = [...candidatesOf({ queue, current }).map((one) => one.candidateId), ...ended];
    if (current) {
      const { members, passed, failed } = current;
      expect(new Set(members.map(({ merged }) => merged !== null)).size).toBe(1);
      expect([0, ...failed].every((red) => red === 0 || red > passed)).toBe(true);
      expect(nextStep(current).count).toBeGreaterThan(passed === members.length ? 0 : passed);
    }
    expect(new Set(ids).size).toBe(ids.length);
    const landed = (facts as MergeTrainFact[]).flatMap((fact) =>
      fact.type === 'CandidateLanded' ? fact.data.candidateId : [],
    );
    expect(new Set(landed).size).toBe(landed.length);
    expect(ended).toEqual(expect.arrayContaining(landed));
  },
  runner(state, facts) {
    const epochs = (facts as RunnerFact[]).flatMap((fact) => (fact.type === 'RunnerRegistered' ? fact.data.epoch : []));
    expect(epochs).toEqual(epochs.toSorted());
    expect((state.context as RunnerState).epoch).toBe(epochs.at(-1) ?? 0);
  },
  guardian(state, facts) {
    const of = (type: GuardianFact['type']) => facts.filter((fact) => fact.type === type);
    expect(of('WatchBegun')).toHaveLength(facts.length > 0 ? 1 : 0);
    expect(of('StopDecided').length).toBe(state.value === 'stopping' ? 1 : 0);
    const [stop] = of('StopDecided') as Extract<GuardianFact, { type: 'StopDecided' }>[];
    const warned = (facts as GuardianFact[]).filter(
      (fact) => fact.type === 'WarningRaised' && fact.data.warning === stop?.data.warning,
    );
    if (stop) expect(facts.indexOf(warned[0] as GuardianFact)).toBeLessThan(facts.indexOf(stop));
    expect(Object.values((state.context as Guardian).warnings).every((one) => one.reason !== undefined)).toBe(true);
  },
  checkRun(_state, facts) {
    expect(facts.filter(({ type }) => type === 'CheckRunPlanned').length).toBeLessThanOrEqual(1);
    expect(facts.length).toBeLessThanOrEqual(3);
  },
  bestOfN(state, facts) {
    const { spec, candidates, verdict, rescorings, early } = state.context as BestOfN;
    const of = <T extends BestOfNFact['type']>(type: T) =>
      (facts as BestOfNFact[]).filter((fact): fact is Extract<BestOfNFact, { type: T }> => fact.type === type);
    const scored = of('CandidateScored').map(({ data }) => data.index);
    expect(new Set(scored).size).toBe(scored.length);
    const rescored = of('CandidateRescored').map(({ data }) => `${data.verdict} ${data.index}`);
    expect(new Set(rescored).size).toBe(rescored.length);
    expect(candidates.map(({ index }) => index)).toEqual(candidates.map((_candidate, n) => n));
    if (candidates[0]) expect(candidates[0].directive).toEqual(spec?.directive);
    expect(rescorings.map((one) => one.verdict)).toEqual(rescorings.map((_one, n) => n + 2));
    expect(rescorings.filter(({ result, abandoned }) => !result && abandoned === null)).toEqual(
      [openRescoring(state.context as BestOfN)].filter(Boolean),
    );
    if (!verdict) return;
    expect(candidates.length).toBe(spec?.n);
    for (const { end } of candidates) expect(end).not.toBeNull();
    const passed = candidates.filter(({ end }) => end?.outcome === 'passed');
    expect(passed.map(({ index }) => index)).toContain(verdict.winner);
    if (!early) for (const { scores } of passed) expect(scores).not.toBeNull();
    const places = passed.flatMap(({ index, total, end }) =>
      total === null ? [] : { index, total, changedLines: end?.changedLines ?? 0 },
    );
    expect(verdict).toMatchObject(select(places.toReversed()));
  },
};

/** Sends the commands one by one; looks at the state after each. The actor's state is frozen: deciding and folding change nothing in place. */
function tell(actor: ActorKind, sequence: readonly Move[], look: Look = () => {}): Story {
  const story: Story = { state: frozen(actor.start()), facts: [], effective: [] };
  for (const move of sequence) {
    const said = resolved(move, story.state);
    const answer = decided(actor, story.state, said, SETTINGS);
    expect(decided(actor, story.state, said, SETTINGS)).toEqual(answer);
    if (isFailure(answer)) {
      expect(answer.kind).toBe('rejected');
      continue;
    }
    for (const fact of answer) {
      story.state = frozen(applied(actor, story.state, fact));
      story.facts.push(fact);
    }
    if (answer.length > 0) story.effective.push(said.name);
    if (!REPEATABLE.includes(said.name)) {
      const again = decided(actor, story.state, said, SETTINGS);
      if (!isFailure(again)) expect(again).toEqual([]);
    }
    look(story.state, story.facts);
  }
  return story;
}

/** The command with its attempt counted from the task's own. */
function resolved({ relative, ...said }: Move, state: ActorState<unknown>): Said {
  if (!relative) return said;
  const input = said.input as { attempt: number };
  return { ...said, input: { ...input, attempt: Math.max(0, (state.context as Task).attempt + input.attempt) } };
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) frozen(inner);
  return value;
}
