import { existsSync } from 'node:fs';
import { defineConfig } from 'tsdown';
import { VERBS } from './src/transport/cli/verb-table.ts';

const entries = {
  cli: 'src/programs/cli.ts',
  server: 'src/programs/server.ts',
  holder: 'src/programs/holder.ts',
  'log-writer': 'src/programs/log-writer.ts',
  mutator: 'src/programs/mutator.ts',
  'stream-client': 'src/transport/stream-client/index.ts',
  repair: 'agents/repair/src/main.ts',
};

/**
 * The package holds plain JavaScript: Node strips no types below `node_modules`. Dependencies stay dependencies, except the
 * command line's own, which is bundled so that it starts in a few files.
 */
export default defineConfig({
  entry: Object.fromEntries(Object.entries(entries).filter(([, path]) => existsSync(path))),
  outDir: 'dist',
  format: 'esm',
  platform: 'node',
  target: 'node24',
  deps: { alwaysBundle: ['commander'] },
  dts: false,
  clean: true,
  // Loaded by the Node of a suite, so they stay files of their own.
  copy: 'agents/repair/src/probes',
  outExtensions: () => ({ js: '.mjs' }),
  plugins: [
    {
      // The verbs are data: the command line then needs neither the schemas nor the charts.
      name: 'verbs-as-data',
      load(id: string) {
        return id.endsWith('src/transport/cli/verb-table.ts') ? `export const VERBS = ${JSON.stringify(VERBS)};` : null;
      },
    },
  ],
});
