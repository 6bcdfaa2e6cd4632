import type { Agent, Asked, Effect } from '../machines/agent/index.ts';
import { plainText } from '../kernel/plain-text.ts';
import type { Runner } from '../runtime/runner.ts';
import { type Hands, type Obligation, type Process, settled } from './define-process.ts';
import type { Entity } from './entity.ts';

/**
 * What a person says to an agent that works is typed into its terminal, one thing after the other. The holder of the
 * terminal remembers under which key it has typed: whoever cannot know whether a message was typed before the server was
 * killed asks for it again, and it stands there once.
 */
const PASTE_BEGINS = '\x1b[200~';
const PASTE_ENDS = '\x1b[201~';
const ENTER = '\r';
const INTERRUPT_KEYS = { none: '', escape: '\x1b', ctrl_c: '\x03' } as const;
/** A program that is still taking a paste in may take the Enter for a part of it. */
const PASTE_TAKEN_MS = 300;
/** So long is looked for what an agent prints after something was typed. */
const LOOK_MS = 2_000;

export const telling: Process = {
  name: 'telling',
  concurrency: () => 16,
  obligations(entity) {
    if (entity.kind !== 'agent' || !entity.value.startsWith('live.')) return [];
    const agent = entity as Entity<Agent>;
    const [next] = agent.context.asked;
    return next ? [tell(agent, next)] : [];
  },
};

function tell({ id: agentId, context: { takes } }: Entity<Agent>, asked: Asked): Obligation {
  return {
    key: `tell:${asked.id}`,
    async act(hands) {
      const from =
        asked.what === 'interrupt'
          ? await type(INTERRUPT_KEYS[takes.interrupt], 'interrupt')
          : await typeMessage(takes.messages);
      const effect = await effectAfter(agentId, from, hands.runner);
      await settled(hands.send('record_delivery', { agentId, id: asked.id, effect }));

      function type(data: string, part: string): Promise<number> {
        return typeOnce({ agentId, data, key: `${asked.id}:${part}` }, hands);
      }

      async function typeMessage(how: Agent['takes']['messages']): Promise<number> {
        if (how !== 'paste') return type(`${oneLine(asked.text)}${ENTER}`, 'line');
        const pasted = await type(`${PASTE_BEGINS}${safe(asked.text)}${PASTE_ENDS}`, 'paste');
        await hands.runner.readTerminal({ agentId, cursor: pasted, bytesMax: 1, waitMs: PASTE_TAKEN_MS });
        return type(ENTER, 'enter');
      }
    },
    async giveUp({ send }, error) {
      const reason = `It could not be typed: ${error.message}`.slice(0, 2_000);
      await settled(send('record_delivery', { agentId, id: asked.id, effect: null, reason }));
    },
  };
}

async function typeOnce(request: { agentId: string; data: string; key: string }, { runner }: Hands): Promise<number> {
  return (await runner.writeTerminal(request)).outputBytes;
}

/** A program's own echo is output too: that something was printed does not say that it was understood. */
async function effectAfter(agentId: string, cursor: number, runner: Runner): Promise<Effect> {
  const { data, ended } = await runner.readTerminal({ agentId, cursor, bytesMax: 1, waitMs: LOOK_MS });
  if (ended) return 'ended';
  return data === '' ? 'nothing' : 'output';
}

/** No escape sequence and no control character but newline and tab: a message cannot press keys, nor end its own paste. */
function safe(text: string): string {
  return plainText(text).trim();
}

function oneLine(text: string): string {
  return safe(text).replace(/\s+/g, ' ');
}
