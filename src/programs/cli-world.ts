import { homedir } from 'node:os';
import { systemClock, systemRandom } from '../kernel/adapters/system.ts';
import { createIds } from '../kernel/ids.ts';
import type { LivingServer, ServerSettings, World } from '../transport/cli/index.ts';
import { cliArgv, HOME } from './installation.ts';

/** The process as the command line sees it. */
export function createWorld(): World {
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
      cliArgv: cliArgv(),
      home: HOME,
      async startServer(settings) {
        // By address and not by name: the server is a program of its own and shares no file with this one when it is built.
        const url = new URL(import.meta.url.endsWith('.mjs') ? './server.mjs' : './server.ts', import.meta.url).href;
        const { startServer } = (await import(url)) as { startServer(settings: ServerSettings): Promise<LivingServer> };
        return startServer(settings);
      },
      preparePage: async (say) => (await import('./page-build.ts')).preparePage(say),
      builtInAgents: async () => (await import('../machines/config/index.ts')).BUILT_IN_AGENTS,
      log: async () => (await import('./log-tools.ts')).logTools,
      checks: async () => (await import('./check-tools.ts')).checkTools,
      backups: async () => (await import('./backup-tools.ts')).backupTools,
    },
  };
}
