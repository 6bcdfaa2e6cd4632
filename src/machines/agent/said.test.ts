import { describe, expect, it } from 'vitest';
import { type Given, given, type Said } from '../../../tests/support/given.ts';
import { type Agent, type AgentFact, agentActor, type Takes } from './index.ts';

const agentId = 'agt_ada';
const fact = <T extends AgentFact['type']>(type: T, data: Extract<AgentFact, { type: T }>['data']) =>
  ({ type, v: 1, data }) as AgentFact;
const requested = fact('AgentRequested', {
  ...{ agentId, taskId: 'tsk_parser', workflowId: 'wfl_1', repositoryId: 'rep_1', attempt: 1, agent: 'mine' },
  ...{ runnerId: 'local', allowedTools: [] },
});
const place = { branch: 'heph/tsk_parser', commit: 'c0' };
const start = { holderPid: 10, pid: 11, startedAt: 5, bootId: 'b0', tokenHash: 't0' };
const live = (takes?: Takes): AgentFact[] => [
  requested,
  fact('PreparationStarted', place),
  fact('WorktreeReady', place),
  fact('AgentStarted', { ...start, ...(takes && { takes }) }),
];
const INTERACTIVE: Takes = { messages: 'paste', interrupt: 'escape' };
const talking = () => given(agentActor, ...live(INTERACTIVE));

const operator = (name: string, input: object = {}): Said => ({
  name,
  input: { agentId, ...input },
  actor: 'operator',
});
const message = (text: string) => operator('message_agent', { text });
const interrupt = operator('interrupt_agent', { reason: 'wrong file' });
const told = (id: string, effect: 'output' | 'nothing' | 'ended' | null, reason = ''): Said => ({
  name: 'record_delivery',
  input: { agentId, id, effect, reason },
});
const idOf = (agent: Given<Agent>, n = 0) => agent.state.context.asked[n]?.id as string;

describe('a message', () => {
  it('is sent to an agent that reads while it works, and stays open until it is known what became of it', () => {
    const sent = talking()
      .when(message('  use the other parser '))
      .thenFacts({ type: 'MessageSent', data: { text: 'use the other parser', by: 'operator' } });
    const id = idOf(sent);
    const after = sent
      .when(told(id, 'output'))
      .thenFacts({ type: 'MessageDelivered', data: { messageId: id, effect: 'output' } });
    expect(after.state.context.asked).toEqual([]);
    after.when(told(id, 'output')).thenNothing();
  });

  it('is refused with what to do instead where nobody would read it', () => {
    for (const takes of [undefined, { messages: 'none', interrupt: 'escape' } as const])
      given(agentActor, ...live(takes))
        .when(message('hello'))
        .thenRejected('agent.takes_no_messages', 'heph task message tsk_parser');
    given(agentActor, requested).when(message('hello')).thenRejected('agent.not_live', 'not at work');
    const over = fact('AgentLost', { reason: 'gone' });
    given(agentActor, ...live(INTERACTIVE), over)
      .when(message('hello'))
      .thenRejected('agent.not_live', 'heph task message tsk_parser');
  });

  it('that could not be typed says why', () => {
    const sent = talking().when(message('hello')).next;
    sent
      .when(told(idOf(sent), null, 'It does not read.'))
      .thenFacts({ type: 'MessageUndelivered', data: { reason: 'It does not read.' } });
  });

  it('to an agent that waits for a word lets it work again, once it showed a sign of having got it', () => {
    const asks = { name: 'record_activity', input: { agentId, activity: 'needs_input', evidence: 'a hook' } };
    const sent = talking().when(asks).next.when(message('yes')).next;
    expect(sent.when(told(idOf(sent), 'nothing')).thenFacts('MessageDelivered').state.value).toBe('live.needs_input');
    sent.when(told(idOf(sent), 'output')).thenFacts('MessageDelivered', 'AgentWorking');
  });

  it('is not taken beyond a number that wait', () => {
    let agent = talking();
    for (let n = 0; n < 20; n++) agent = agent.when(message(`message ${n}`)).thenFacts('MessageSent');
    agent.when(message('one more')).thenRejected('agent.not_listening');
  });
});

describe('an interrupt', () => {
  it('is one key press at a time', () => {
    const asked = talking()
      .when(interrupt)
      .thenFacts({ type: 'InterruptRequested', data: { reason: 'wrong file', by: 'operator' } });
    asked.when(interrupt).thenNothing();
    asked
      .when(told(idOf(asked), 'nothing'))
      .thenFacts({ type: 'InterruptDelivered', data: { effect: 'nothing' } })
      .when(interrupt)
      .thenFacts('InterruptRequested');
  });

  it('is refused where it would be the end, with what to do instead', () => {
    given(agentActor, ...live())
      .when(interrupt)
      .thenRejected('agent.takes_no_interrupt', `heph agent stop ${agentId}`);
  });
});

it('nothing stays open behind an agent that has ended', () => {
  const asked = talking().when(message('hello')).next.when(interrupt).next;
  const exit = { code: 0, signal: null, how: 'exited', livedMs: 900 };
  const ended = asked
    .when({ name: 'record_exit', input: { agentId, exit } })
    .thenFacts('MessageUndelivered', 'InterruptUndelivered', 'AgentExited');
  expect(ended.state.context.asked).toEqual([]);
  asked
    .when(operator('stop_agent'))
    .next.when({ name: 'record_loss', input: { agentId, reason: 'gone' } })
    .thenFacts('MessageUndelivered', 'InterruptUndelivered', 'AgentLost');
});
