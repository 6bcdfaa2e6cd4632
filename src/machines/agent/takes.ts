import { z } from 'zod';

/** What a person can say to an agent of that kind while it works, and how it is typed. */
export const takesSchema = z.strictObject({
  messages: z
    .enum(['none', 'line', 'paste'])
    .default('none')
    .describe(
      'none: it reads nothing while it works. line: a line and Enter. paste: as a bracketed paste and Enter, for programs that switch that on.',
    ),
  interrupt: z
    .enum(['none', 'escape', 'ctrl_c'])
    .default('none')
    .describe(
      'The key on which it breaks off what it does and waits for a word; none: it would end, so stop it instead.',
    ),
});
export type Takes = z.infer<typeof takesSchema>;

/** What a CLI without a conversation takes. */
export const TAKES_NOTHING: Takes = { messages: 'none', interrupt: 'none' };

/** What became visible in its terminal soon after something was typed. */
export const EFFECTS = ['output', 'nothing', 'ended'] as const;
export type Effect = (typeof EFFECTS)[number];

/** Something that was said to an agent and of which is not recorded yet what became of it. */
export interface Asked {
  id: string;
  what: 'message' | 'interrupt';
  text: string;
}

export const MESSAGE_CHARS_MAX = 8_000;
/** So many messages and interrupts may be on their way to one agent. */
export const ASKED_MAX = 20;
