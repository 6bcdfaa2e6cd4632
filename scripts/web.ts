import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/**
 * `node scripts/web.ts [FOLDER]` builds the page into FOLDER (`dist/web`) when its sources have changed since: a second or
 * two, and a line that says so. `--force` builds it anyway.
 */
const ROOT = join(import.meta.dirname, '..');
const SOURCES = ['web/**/*.{ts,tsx,css,html,json}', 'src/transport/**/*.ts', 'package-lock.json'];
/** Smaller files are not worth another one. */
const PACKED_BYTES_MIN = 1024;

/** Whether there was something to build. Throws what the bundler says. */
export async function buildPage(folder = join(ROOT, 'dist', 'web'), { force = false } = {}): Promise<boolean> {
  const made = join(folder, '.sources');
  const sources = fingerprint();
  if (!force && read(made) === sources) return false;
  // Built beside and moved, so that a server never finds half of it; two that build at once do not meet.
  const scratch = `${folder}.${process.pid}`;
  try {
    await bundle(scratch);
    pack(join(scratch, 'assets'));
    writeFileSync(join(scratch, '.sources'), sources);
    mkdirSync(dirname(folder), { recursive: true });
    rmSync(folder, { recursive: true, force: true });
    renameSync(scratch, folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return true;
}

async function bundle(outDir: string): Promise<void> {
  // Else the bundler takes that of whoever calls: a test's would give React's slow build.
  process.env.NODE_ENV = 'production';
  const { build } = await import('vite');
  const root = join(ROOT, 'web');
  await build({
    root,
    configFile: join(root, 'vite.config.ts'),
    logLevel: 'warn',
    build: { outDir, emptyOutDir: true },
  });
}

function pack(folder: string): void {
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, name));
    if (bytes.length < PACKED_BYTES_MIN) continue;
    const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
    writeFileSync(join(folder, `${name}.br`), brotliCompressSync(bytes, { params }));
    writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }));
  }
}

function fingerprint(): string {
  const hash = createHash('sha256');
  const exclude = ['**/*.test.{ts,tsx}', '**/node_modules/**'];
  for (const file of globSync(SOURCES, { cwd: ROOT, exclude }).sort())
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(ROOT, file)))
      .update('\0');
  return hash.digest('hex');
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2).filter((word) => !word.startsWith('-'));
  const startedAt = performance.now();
  const built = await buildPage(folder, { force: process.argv.includes('--force') });
  if (built) console.log(`The page is built (${((performance.now() - startedAt) / 1000).toFixed(1)} s).`);
}
