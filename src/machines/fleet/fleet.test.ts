import { describe, expect, it } from 'vitest';
import { type Given, given, type Said } from '../../../tests/support/given.ts';
import { type Fleet, fleetActor } from './index.ts';

const operator = (name: string, input: Record<string, unknown> = {}): Said => ({ name, input, actor: 'operator' });
const pause = operator('pause_fleet', { reason: 'quota is short' });
const resume = operator('resume_fleet');
const stopAll = operator('stop_all', { reason: 'something is wrong' });
const grant = (agentId: string, agent = 'repair'): Said => ({
  name: 'grant_slot',
  input: { agentId, agent, taskId: `tsk_of_${agentId}`, workflowId: 'wfl_bugfix', attempt: 1 },
});
const release = (agentId: string, outcome = 'used'): Said => ({ name: 'release_slot', input: { agentId, outcome } });
const holding = (...agentIds: string[]): Given<Fleet> =>
  agentIds.reduce((fleet, agentId) => fleet.when(grant(agentId)).next, given(fleetActor));
const died = (fleet: Given<Fleet>, agentId: string, agent = 'repair') =>
  fleet.when(grant(agentId, agent)).next.when(release(agentId, 'died_at_once'));

describe('slots', () => {
  it('are granted up to the cap, each once', () => {
    const cap = { changes: { 'fleet.cap': 2 } };
    const full = given(fleetActor).when(grant('agt_1'), cap).next.when(grant('agt_2'), cap).thenFacts('SlotGranted');
    full.when(grant('agt_2'), cap).thenNothing();
    full.when(grant('agt_3'), cap).thenRejected('fleet.no_slot', 'All 2 slots');
    full.when(release('agt_1')).next.when(grant('agt_3'), cap).thenFacts('SlotGranted');
  });

  it('are granted up to a lower cap for one name', () => {
    const one = { changes: { 'fleet.perAgent': { claude: 1 } } };
    const fleet = given(fleetActor).when(grant('agt_1', 'claude'), one).thenFacts('SlotGranted');
    fleet.when(grant('agt_2', 'claude'), one).thenRejected('fleet.no_slot', 'for claude');
    fleet.when(grant('agt_2', 'repair'), one).thenFacts('SlotGranted');
  });

  it('follow a cap that was lowered below what is held', () => {
    holding('agt_1', 'agt_2')
      .when(grant('agt_3'), { changes: { 'fleet.cap': 1 } })
      .thenRejected('fleet.no_slot');
  });

  it('are released once', () => {
    const after = holding('agt_1')
      .when(release('agt_1'))
      .thenFacts({ type: 'SlotReleased', data: { agent: 'repair' } });
    expect(after.state.context.slots).toEqual({});
    after.when(release('agt_1')).thenNothing();
    given(fleetActor).when(release('agt_unknown')).thenNothing();
  });

  it('are for agents of any name', () => {
    const after = died(given(fleetActor), 'agt_1', 'constructor').thenFacts('SlotReleased');
    expect(after.state.context.deaths).toEqual({ constructor: 1 });
    after.when(grant('agt_2', 'constructor')).thenFacts('SlotGranted');
    after.when(release('constructor')).thenNothing();
  });
});

describe('deaths at once', () => {
  const two = () => died(died(given(fleetActor), 'agt_1').next, 'agt_2').thenFacts('SlotReleased');

  it('stop the name at the third in a row, and no other', () => {
    const stopped = died(two(), 'agt_3').thenFacts('SlotReleased', {
      type: 'AgentKindStopped',
      data: { agent: 'repair', deaths: 3 },
    });
    stopped.when(grant('agt_4')).thenRejected('fleet.kind_stopped', 'agt_3');
    stopped.when(grant('agt_4', 'claude')).thenFacts('SlotGranted');
  });

  it('are counted from the start after a life that was used', () => {
    const used = two().when(grant('agt_3')).next.when(release('agt_3', 'used')).next;
    expect(used.state.context.deaths).toEqual({});
    died(used, 'agt_4').thenFacts('SlotReleased');
  });

  it('are neither more nor less after a slot that was not used', () => {
    const unused = two().when(grant('agt_3')).next.when(release('agt_3', 'unused')).thenFacts('SlotReleased');
    died(unused, 'agt_4').thenFacts('SlotReleased', 'AgentKindStopped');
  });

  it('stop a name once, though others of it are still dying', () => {
    const late = two().when(grant('agt_late')).next;
    const stopped = died(late, 'agt_3').next;
    stopped.when(release('agt_late', 'died_at_once')).thenFacts('SlotReleased');
  });

  it('are forgotten when the fleet is resumed', () => {
    const resumed = died(two(), 'agt_3').next.when(resume).thenFacts('FleetResumed');
    expect(resumed.state.context).toMatchObject({ stopped: {}, deaths: {} });
    resumed.when(grant('agt_4')).thenFacts('SlotGranted');
  });

  it('keep to the bound that is set', () => {
    const once = { changes: { 'fleet.diedAtOnceMax': 1 } };
    holding('agt_1')
      .when(release('agt_1', 'died_at_once'), once)
      .thenFacts('SlotReleased', { type: 'AgentKindStopped', data: { deaths: 1 } });
  });
});

describe('the fleet as a whole', () => {
  it('starts nothing while it is paused or stopped, and slots are still released', () => {
    for (const halt of [pause, stopAll]) {
      const halted = holding('agt_1').when(halt).next;
      halted.when(grant('agt_2')).thenRejected('fleet.not_open');
      halted.when(grant('agt_1')).thenNothing();
      halted.when(release('agt_1')).thenFacts('SlotReleased');
    }
  });

  it('is paused and stopped once, with the reason', () => {
    const paused = given(fleetActor)
      .when(pause)
      .thenFacts({ type: 'FleetPaused', data: { reason: 'quota is short', by: 'operator' } });
    paused.when(pause).thenNothing();
    const stopped = paused.when(stopAll).thenFacts({ type: 'FleetStopped', data: { reason: 'something is wrong' } });
    stopped.when(stopAll).thenNothing();
    expect(stopped.state).toMatchObject({ value: 'stopped', context: { reason: 'something is wrong' } });
  });

  it('is resumed from either, and not when nothing is held back', () => {
    for (const halt of [pause, stopAll]) {
      const open = given(fleetActor)
        .when(halt)
        .next.when(resume)
        .thenFacts({ type: 'FleetResumed', data: { by: 'operator' } });
      expect(open.state).toMatchObject({ value: 'open', context: { reason: null } });
      open.when(resume).thenRejected('fleet.already_open');
    }
  });

  it('stops a name also while it is paused', () => {
    const three = holding('agt_1', 'agt_2', 'agt_3').when(pause).next;
    const outcomes = ['agt_1', 'agt_2'].reduce((fleet, id) => fleet.when(release(id, 'died_at_once')).next, three);
    outcomes.when(release('agt_3', 'died_at_once')).thenFacts('SlotReleased', 'AgentKindStopped');
  });
});
