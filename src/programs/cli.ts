import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { VERSION } from '../kernel/version.ts';

/** The command line: `heph`. The version is answered before anything else is loaded. */
async function run(argv: string[]): Promise<number> {
  if (argv.length === 1 && ['--version', '-V'].includes(argv[0] as string)) {
    process.stdout.write(`${VERSION}\n`);
    return 0;
  }
  // From `dist/` and from `src/programs/`.
  const built = import.meta.filename.endsWith('.mjs');
  const home = fileURLToPath(new URL(built ? '..' : '../..', import.meta.url));
  const cache = process.env.NODE_COMPILE_CACHE ?? cacheFolder(built, home, process.env);
  if (cache) enableCompileCache(cache);
  const [{ main }, { createWorld }] = await Promise.all([
    import('../transport/cli/index.ts'),
    import('./cli-world.ts'),
  ]);
  const verbs = async () => (await import('../transport/cli/verb-table.ts')).VERBS;
  return main(argv, createWorld(), VERSION, verbs);
}

/** Compiled code is kept where nobody else can write; nowhere when that is unknown. */
function cacheFolder(built: boolean, home: string, { XDG_CACHE_HOME, HOME }: NodeJS.ProcessEnv): string | null {
  if (!built) return `${home}node_modules/.cache/heph`;
  if (XDG_CACHE_HOME?.startsWith('/')) return `${XDG_CACHE_HOME}/heph`;
  return HOME ? `${HOME}/.cache/heph` : null;
}

// A closed pipe, as in `heph events | head`, is the reader's way to say that it has enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
process.exitCode = await run(process.argv.slice(2));
// Idle connections to the server would hold the process a little longer; what a full pipe still waits for must go first.
process.stdout.write('', () => process.stderr.write('', () => process.exit()));
