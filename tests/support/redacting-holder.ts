/** A holder with the simplest redactor that can be seen to work: it looks at each chunk by itself. */
import { systemClock } from '../../src/kernel/adapters/system.ts';
import { runHolder } from '../../src/runtime/terminals/adapters/holder.ts';
import { spawnNodePty } from '../../src/runtime/terminals/adapters/node-pty-terminal.ts';
import { redactBytes } from '../../src/runtime/terminals/stream-redactor.ts';

await runHolder({
  clock: systemClock,
  spawnTerminal: spawnNodePty,
  spare: process.argv.includes('--spare'),
  createStreamRedactor: (values) =>
    redactBytes({
      push: (chunk) => values.reduce((text, value) => text.replaceAll(value, '[redacted]'), chunk),
      flush: () => '',
    }),
});
