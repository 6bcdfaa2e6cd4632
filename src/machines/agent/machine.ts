import { rejected, type Rejected } from '../../kernel/errors.ts';
import { type Chart, defineActor, type Proposer, stays } from '../define-actor.ts';
import type { AgentCommand } from './commands.ts';
import { deliver, interrupt, message, undelivered } from './decide-said.ts';
import { type Activity, type AgentFact, agentFacts } from './events.ts';
import type { Agent } from './state.ts';
import { TAKES_NOTHING } from './takes.ts';

/** So many refusals are recorded; a hostile agent does not fill the log. */
const DENIALS_MAX = 50;

const gone = { AgentFailed: 'exited', AgentLost: 'lost' };
const ended = { AgentExited: 'exited', ...gone };
const OUTCOMES = ['MessageDelivered', 'MessageUndelivered', 'InterruptDelivered', 'InterruptUndelivered'];
const spokenTo = (state: string) => ({
  on: stays(state, 'AccessDenied', 'MessageSent', 'InterruptRequested', ...OUTCOMES),
});
const stopping = { StopRequested: 'stopping' };

export const agentChart: Chart = {
  initial: 'absent',
  states: {
    absent: { on: { AgentRequested: 'requested' } },
    requested: { on: { PreparationStarted: 'preparing', ...gone, ...stopping } },
    preparing: { on: { WorktreeReady: 'starting', ...gone, ...stopping } },
    starting: {
      on: { ...stays('starting', 'PromptSent', 'AccessDenied'), AgentStarted: 'live.working', ...ended, ...stopping },
    },
    live: {
      initial: 'working',
      on: {
        AgentWorking: '.working',
        AgentIdle: '.idle',
        AgentNeedsInput: '.needs_input',
        AgentRateLimited: '.rate_limited',
        AgentWentSilent: '.no_signal',
        AgentExited: 'exited',
        AgentLost: 'lost',
        ...stopping,
      },
      states: {
        working: spokenTo('working'),
        idle: spokenTo('idle'),
        needs_input: spokenTo('needs_input'),
        rate_limited: spokenTo('rate_limited'),
        no_signal: spokenTo('no_signal'),
      },
    },
    stopping: { on: { ...ended, ...stays('stopping', 'AccessDenied', ...OUTCOMES) } },
    exited: {},
    lost: {},
  },
};

const NONE: Agent = {
  agentId: '',
  taskId: '',
  workflowId: '',
  repositoryId: '',
  attempt: 0,
  agent: '',
  runnerId: '',
  allowedTools: [],
  branch: null,
  base: null,
  started: null,
  stop: null,
  end: null,
  takes: TAKES_NOTHING,
  asked: [],
  denials: 0,
  since: 0,
};

export function evolveAgent(agent: Agent, fact: AgentFact, at: number): Agent {
  switch (fact.type) {
    case 'AgentRequested': {
      const { branch = null, base = null, ...asked } = fact.data;
      return { ...agent, ...asked, branch, base, since: at };
    }
    case 'PreparationStarted':
      return { ...agent, branch: fact.data.branch, base: fact.data.commit, since: at };
    case 'WorktreeReady':
      return { ...agent, branch: fact.data.branch, base: fact.data.commit, since: at };
    case 'PromptSent':
      return agent;
    case 'AgentStarted': {
      const { takes = TAKES_NOTHING, ...started } = fact.data;
      return { ...agent, started, takes, since: at };
    }
    case 'MessageSent':
      return { ...agent, asked: [...agent.asked, { id: fact.data.messageId, what: 'message', text: fact.data.text }] };
    case 'InterruptRequested':
      return { ...agent, asked: [...agent.asked, { id: fact.data.interruptId, what: 'interrupt', text: '' }] };
    case 'MessageDelivered':
    case 'MessageUndelivered':
      return { ...agent, asked: agent.asked.filter(({ id }) => id !== fact.data.messageId) };
    case 'InterruptDelivered':
    case 'InterruptUndelivered':
      return { ...agent, asked: agent.asked.filter(({ id }) => id !== fact.data.interruptId) };
    case 'AgentWorking':
    case 'AgentIdle':
    case 'AgentNeedsInput':
    case 'AgentRateLimited':
    case 'AgentWentSilent':
      return { ...agent, since: at };
    case 'StopRequested':
      return { ...agent, stop: fact.data, since: at };
    case 'AccessDenied':
      return { ...agent, denials: agent.denials + 1 };
    case 'AgentExited':
      return { ...agent, end: { ...fact.data, reason: '' }, since: at };
    case 'AgentFailed':
      return {
        ...agent,
        end: { how: 'failed', code: null, signal: null, livedMs: 0, reason: fact.data.reason },
        since: at,
      };
    case 'AgentLost':
      return {
        ...agent,
        end: { how: 'lost', code: null, signal: null, livedMs: 0, reason: fact.data.reason },
        since: at,
      };
  }
}

const ACTIVITY_FACTS = {
  working: 'AgentWorking',
  idle: 'AgentIdle',
  needs_input: 'AgentNeedsInput',
  rate_limited: 'AgentRateLimited',
  no_signal: 'AgentWentSilent',
} as const satisfies Record<Activity, AgentFact['type']>;

function decide(command: AgentCommand, actor: Proposer<Agent, AgentFact>): AgentFact[] | Rejected {
  if (command.name === 'request_agent') {
    if (actor.value !== 'absent')
      return actor.context.taskId === command.input.taskId
        ? []
        : rejected('agent.exists', 'An agent with that id exists.');
    const requested: AgentFact = { type: 'AgentRequested', v: 1, data: command.input };
    const { branch, base: commit } = command.input;
    if (branch === undefined || commit === undefined) return actor.facts(requested);
    return actor.facts(requested, { type: 'PreparationStarted', v: 1, data: { branch, commit } });
  }
  if (actor.value === 'absent') return rejected('agent.not_live', 'There is no such agent.');
  const over = actor.value === 'exited' || actor.value === 'lost';
  switch (command.name) {
    case 'stop_agent':
      if (actor.value === 'stopping') return [];
      if (over)
        return rejected('agent.not_live', `The agent has ${actor.value === 'lost' ? 'been lost' : 'ended'} already.`);
      return actor.facts({ type: 'StopRequested', v: 1, data: { reason: command.input.reason, by: command.actor } });
    case 'message_agent':
      return message(command, actor);
    case 'interrupt_agent':
      return interrupt(command, actor);
    case 'record_delivery':
      return deliver(command, actor);
    case 'prepare_agent': {
      if (actor.value !== 'requested') return [];
      const { branch, commit } = command.input;
      return actor.facts({ type: 'PreparationStarted', v: 1, data: { branch, commit } });
    }
    case 'record_worktree': {
      const { branch, commit, environment } = command.input;
      if (actor.value === 'starting') return [];
      const data = { branch, commit, ...(environment && { environment }) };
      return actor.facts({ type: 'WorktreeReady', v: 1, data });
    }
    case 'record_start':
      if (actor.context.started) return [];
      return actor.facts(
        { type: 'PromptSent', v: 1, data: command.input.prompt },
        { type: 'AgentStarted', v: 1, data: command.input.started },
      );
    case 'record_activity': {
      const { activity, evidence } = command.input;
      if (actor.value === `live.${activity}` || !actor.value.startsWith('live.')) return [];
      return actor.facts({ type: ACTIVITY_FACTS[activity], v: 1, data: { evidence } });
    }
    case 'record_exit':
      if (over) return [];
      return actor.facts(...undelivered(actor), { type: 'AgentExited', v: 1, data: command.input.exit });
    case 'record_failure':
      if (over) return [];
      return actor.facts(...undelivered(actor), {
        type: 'AgentFailed',
        v: 1,
        data: { code: command.input.code, reason: command.input.reason },
      });
    case 'record_denial': {
      if (!actor.can('AccessDenied') || actor.context.denials >= DENIALS_MAX) return [];
      const { what, code, text } = command.input;
      return actor.facts({ type: 'AccessDenied', v: 1, data: { what, code, text } });
    }
    case 'record_loss':
      if (over) return [];
      return actor.facts(...undelivered(actor), { type: 'AgentLost', v: 1, data: { reason: command.input.reason } });
  }
}

export const agentActor = defineActor<Agent, AgentFact, AgentCommand>({
  kind: 'agent',
  chart: agentChart,
  facts: agentFacts,
  outOfOrder: 'agent.out_of_order',
  initial: () => NONE,
  evolve: evolveAgent,
  scope: ({ agentId, taskId, workflowId, repositoryId, runnerId }) => ({
    agentId,
    taskId,
    workflowId,
    repositoryId,
    runnerId,
  }),
  decide,
});
