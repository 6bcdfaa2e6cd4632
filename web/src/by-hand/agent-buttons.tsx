import { CommandButton } from '../parts/command-button.tsx';
import type { Takes } from './message-button.tsx';

interface Agent {
  agentId: string;
  agent: string;
  living: boolean;
  takes: Takes;
}

const FLEET = { view: 'fleet' };

/** What a person can do to a living agent. `alone`: where the agent is all that is there. */
export function AgentButtons({ agent, alone = false }: { agent: Agent; alone?: boolean }) {
  const gone = agent.living ? null : 'The agent has ended.';
  const input = { agentId: agent.agentId };
  return (
    <>
      <CommandButton
        command="interrupt_agent"
        input={input}
        shown={FLEET}
        disabledReason={
          gone ??
          (agent.takes.interrupt === 'none'
            ? `An agent like ${agent.agent} cannot be interrupted; stop it instead.`
            : null)
        }
      >
        Interrupt
      </CommandButton>
      <CommandButton
        command="stop_agent"
        input={input}
        shown={FLEET}
        look="danger"
        confirm="The agent and everything it has started ends. Its work so far is kept, and its task is tried again as the limits allow."
        disabledReason={gone}
      >
        {alone ? 'Stop' : 'Stop agent'}
      </CommandButton>
    </>
  );
}
