import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock, systemRandom } from '../kernel/adapters/system.ts';
import { createIds } from '../kernel/ids.ts';
import { VERSION } from '../kernel/version.ts';
import type { LivingServer, ServerSettings, World } from '../transport/cli/index.ts';

/** The command line: `heph`. The version alone is answered before anything else is loaded. */
const here = fileURLToPath(import.meta.url);
// From `src/programs/` and from `dist/`.
const built = here.endsWith('.mjs');
const home = join(dirname(here), built ? '..' : '../..');

function createWorld(): World {
  // Keys that sort by time give ids that do.
  const ids = createIds(systemClock, systemRandom);
  return {
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    clock: systemClock,
    newKey: () => ids.next('key'),
    onSignal(signal, handle) {
      process.on(signal, handle);
      return () => void process.off(signal, handle);
    },
    programs: {
      cliArgv: [process.execPath, ...process.execArgv, here],
      home,
      async startServer(settings) {
        // By address and not by name: the server is a program of its own and shares no file with this one when it is built.
        const url = new URL(built ? './server.mjs' : './server.ts', import.meta.url).href;
        const { startServer } = (await import(url)) as { startServer(settings: ServerSettings): Promise<LivingServer> };
        return startServer(settings);
      },
      builtInAgents: async () => (await import('../machines/config/index.ts')).BUILT_IN_AGENTS,
      log: async () => (await import('./log-tools.ts')).logTools,
    },
  };
}

async function run(argv: string[]): Promise<number> {
  if (argv.length === 1 && ['--version', '-V'].includes(argv[0] as string)) {
    process.stdout.write(`${VERSION}\n`);
    return 0;
  }
  enableCompileCache(process.env.NODE_COMPILE_CACHE ?? join(home, 'node_modules', '.cache', 'heph'));
  const { main } = await import('../transport/cli/index.ts');
  const verbs = async () => (await import('../transport/cli/verb-table.ts')).VERBS;
  return main(argv, createWorld(), VERSION, verbs);
}

// A closed pipe, as in `heph events | head`, is the reader's way to say that it has enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
process.exitCode = await run(process.argv.slice(2));
// Idle connections to the server would hold the process a little longer.
process.exit();
