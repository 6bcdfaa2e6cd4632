import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

/**
 * `node scripts/client-types.ts [FOLDER]` writes the declarations of `heph/stream-client` into FOLDER (`dist/types`): the
 * client's own and those of the protocol that it speaks. The compiler would give those of half the server as well; only what
 * the client's refer to is taken, and the packages that they need are those of the package.
 */
const ROOT = join(import.meta.dirname, '..');
const SOURCE = join(ROOT, 'src', 'transport');
const ENTRY = join('stream-client', 'index.d.ts');

/** The files that were written, below `folder`. Throws what the compiler said. */
export function writeClientTypes(folder: string): string[] {
  const scratch = mkdtempSync(join(tmpdir(), 'heph-types-'));
  try {
    emit(scratch);
    const files = reachable(join(scratch, 'src', 'transport'), ENTRY);
    for (const file of files) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      // A declaration stands for the script that is beside it.
      const text = readFileSync(join(scratch, 'src', 'transport', file), 'utf8').replace(IMPORT, "$1'$2.js'");
      writeFileSync(join(folder, file), text);
    }
    return files;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const IMPORT = /((?:from|import) ?\(?)['"](\.[^'"]+)\.ts['"]/g;

function emit(scratch: string): void {
  const project = join(scratch, 'tsconfig.json');
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    outDir: scratch,
    rootDir: ROOT,
    typeRoots: [join(ROOT, 'node_modules', '@types')],
  };
  const entry = join(SOURCE, 'stream-client', 'index.ts');
  writeFileSync(
    project,
    JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: [], files: [entry] }),
  );
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const run = spawnSync(process.execPath, [tsc, '--project', project], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`The client’s types could not be made: ${run.stdout || run.stderr}`);
}

/** A file and what it refers to, directly or not, below `root`. */
function reachable(root: string, entry: string): string[] {
  const found = new Set<string>();
  const visit = (file: string) => {
    if (found.has(file)) return;
    found.add(file);
    for (const [, , path] of readFileSync(join(root, file), 'utf8').matchAll(IMPORT))
      visit(relative(root, join(root, dirname(file), `${path}.d.ts`)));
  };
  visit(entry);
  return [...found].sort();
}

if (import.meta.main) {
  const folder = process.argv[2] ?? join(ROOT, 'dist', 'types');
  rmSync(folder, { recursive: true, force: true });
  for (const file of writeClientTypes(folder)) console.log(join(folder, file));
}
