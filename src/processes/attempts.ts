import type { Agent } from '../machines/agent/index.ts';
import type { AgentPreset } from '../machines/config/index.ts';
import type { Task } from '../machines/task/index.ts';
import { plainText } from '../kernel/plain-text.ts';
import { turnFailure } from '../runtime/agents/index.ts';
import { type Hands, type Obligation, type Process, settled } from './define-process.ts';
import { type Entity, isEndedAgent } from './entity.ts';
import type { World } from './world.ts';

/**
 * What an agent's end means for its task. An agent that spoke has spoken; of one that ended without a word, the exit and
 * what its program printed tell whether its work is worth judging; every other end costs an attempt.
 */
// One line of a CLI may hold all the tools that it knows.
const OUTPUT_BYTES = 64 * 1024;
const TAIL_CHARS = 4_000;
const TAIL_LINES = 12;

export interface AttemptsParts {
  /** How an agent of that name is started; null when there is none. */
  preset(name: string, world: World): Pick<AgentPreset, 'output'> | null;
}

export const attempts = (parts: AttemptsParts): Process => ({
  name: 'attempts',
  concurrency: () => 8,
  obligations(entity, world) {
    if (entity.kind !== 'task') return [];
    const task = entity as Entity<Task>;
    if (task.value !== 'assigned' && task.value !== 'in_progress') return [];
    const agent = world.agents.get(task.context.agentId ?? '');
    return agent && isEndedAgent(agent) ? [follow(task, agent, parts)] : [];
  },
});

function follow(task: Entity<Task>, agent: Entity<Agent>, { preset }: AttemptsParts): Obligation {
  const { attempt, end, agent: name } = agent.context;
  return {
    key: `ended:${agent.id}`,
    async act(hands) {
      const elsewhere = isAnothers(agent.context, hands.world);
      const output = end?.how === 'failed' || elsewhere ? '' : await lastOutput(agent.id, hands);
      const failure = turnFailure(preset(name, hands.world)?.output ?? 'text', output);
      if (end?.how === 'exited' && end.code === 0 && failure === null && !task.context.spec.review) {
        const summary = 'The agent ended without a report; its work is judged as it is.';
        await settled(hands.send('submit_on_exit', { taskId: task.id, agentId: agent.id, attempt, summary }));
        return;
      }
      const { text, ...by } = meaning(agent.context);
      // Lost with its server: no fault of the task's.
      const counts = by.counts && !elsewhere;
      const code = end?.how === 'exited' && failure !== null ? 'turn_failed' : by.code;
      const said = failure === null ? lastWords(output) : ` Its last turn failed: ${failure}`;
      const reason = `${text}${said}`;
      await settled(hands.send('fail_attempt', { taskId: task.id, agentId: agent.id, attempt, code, reason, counts }));
    },
  };
}

/** Its run was taken over from the runner that it belonged to; its terminal is in that one's files. */
function isAnothers({ workflowId, runnerId }: Agent, world: World): boolean {
  const owner = world.workflows.get(workflowId)?.context.runnerId ?? null;
  return owner !== null && owner !== runnerId;
}

function meaning({ end, stop, agent }: Agent): { code: string; text: string; counts: boolean } {
  if (stop) {
    // Stopped with the whole fleet: no fault of the task's.
    const counts = !stop.reason.startsWith('The whole fleet was stopped');
    return {
      code: 'agent_stopped',
      text: `The agent was stopped by ${stop.by}${stop.reason ? `: ${stop.reason}` : ''}.`,
      counts,
    };
  }
  switch (end?.how) {
    case 'failed':
      return {
        code: 'agent_not_started',
        text: `The agent ${agent} could not be started: ${end.reason}`,
        counts: true,
      };
    case 'lost':
      return { code: 'agent_lost', text: `The agent was lost: ${end.reason}`, counts: true };
    case 'timed_out':
      return {
        code: 'agent_timed_out',
        text: `The agent was ended at its time limit after ${seconds(end.livedMs)}.`,
        counts: true,
      };
    default: {
      const how = end?.signal ? `by signal ${end.signal}` : `with exit code ${end?.code}`;
      return {
        code: 'agent_died',
        text: `The agent ended ${how} after ${seconds(end?.livedMs ?? 0)}, without reporting an outcome.`,
        counts: true,
      };
    }
  }
}

/** The end of its terminal, as plain text; empty when there is nothing to read. */
async function lastOutput(agentId: string, { runner, log }: Hands): Promise<string> {
  try {
    const probe = await runner.probeAgent({ agentId });
    const size = 'outputBytes' in probe ? probe.outputBytes : 0;
    const cursor = Math.max(0, size - OUTPUT_BYTES);
    const chunk = await runner.readTerminal({ agentId, cursor, bytesMax: OUTPUT_BYTES });
    return plainText(Buffer.from(chunk.data, 'base64').toString('utf8'));
  } catch (error) {
    log.warn({ agentId, error: String(error) }, 'no last words of an agent');
    return '';
  }
}

function lastWords(output: string): string {
  const lines = output
    .slice(-TAIL_CHARS)
    .split('\n')
    .map((line) => line.trimEnd());
  const last = lines.filter(Boolean).slice(-TAIL_LINES).join('\n');
  return last && ` Its last words:\n${last}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
