/**
 * The process that holds one agent's terminal; see src/runtime/terminals/index.ts. It is started by the server for each
 * agent and imports next to nothing, because its cold start is part of every agent's start.
 */
import { systemClock } from '../kernel/adapters/system.ts';
import { createRedactor } from '../kernel/redact.ts';
import { runHolder } from '../runtime/terminals/adapters/holder.ts';
import { spawnNodePty } from '../runtime/terminals/adapters/node-pty-terminal.ts';
import { redactBytes } from '../runtime/terminals/stream-redactor.ts';

await runHolder({
  clock: systemClock,
  spawnTerminal: spawnNodePty,
  spare: process.argv.includes('--spare'),
  createStreamRedactor: (values) => redactBytes(createRedactor({ values }).createStreamRedactor()),
});
