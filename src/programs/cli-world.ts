import { randomUUID } from 'node:crypto';
import { homedir } from 'node:os';
import { systemClock } from '../kernel/adapters/system.ts';
import type { LivingServer, ServerSettings, World } from '../transport/cli/index.ts';

/** Where the program lies: `file` is what Node runs, `home` the folder of `demo/` and `phases/`. */
export interface Installation {
  file: string;
  home: string;
  /** From `dist/`, as plain JavaScript. */
  built: boolean;
}

/** The process as the command line sees it. */
export function createWorld({ file, home, built }: Installation): World {
  return {
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    clock: systemClock,
    newKey: randomUUID,
    onSignal(signal, handle) {
      process.on(signal, handle);
      return () => void process.off(signal, handle);
    },
    programs: {
      cliArgv: [process.execPath, ...process.execArgv, file],
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
