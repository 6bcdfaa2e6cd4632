/** A holder whose output cannot be kept to its end, so that a rehearsal fails when its program is gone and its socket still open. */
import { systemClock } from '../../src/kernel/adapters/system.ts';
import { runHolder } from '../../src/runtime/terminals/adapters/holder.ts';
import { spawnNodePty } from '../../src/runtime/terminals/adapters/node-pty-terminal.ts';
import { redactBytes } from '../../src/runtime/terminals/stream-redactor.ts';

await runHolder({
  clock: systemClock,
  spawnTerminal: spawnNodePty,
  spare: process.argv.includes('--spare'),
  createStreamRedactor: () =>
    redactBytes({
      push: (chunk) => chunk,
      flush: () => {
        throw new Error('the end cannot be kept');
      },
    }),
});
