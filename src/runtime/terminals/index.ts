/**
 * A terminal belongs to a holder: one small detached process per agent. It owns the pseudo-terminal, so that an agent
 * outlives the server and no agent inherits another's terminal.
 *
 *   server ──order (stdin, once)──►  holder ──pty──► agent and its descendants
 *      ▲  └──socket (hello, epoch)─►   │
 *      └───────── reads ──────────  folder: state.json  transcript/  exit.json
 *
 * The folder is the truth: what a server finds there after a crash (state, exit, transcript) is enough to go on. The
 * socket only makes it prompt. A server that took over has a higher epoch, and a holder refuses the lower one.
 */
export { asciicastLines, type Recording } from './asciicast.ts';
export { type CreateStreamRedactor, redactBytes, type StreamRedactor } from './stream-redactor.ts';
export type { SpawnTerminal, Terminal, TerminalRequest } from './terminal.ts';
