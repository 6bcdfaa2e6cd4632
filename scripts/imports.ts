import { spawnSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * `node scripts/imports.ts`: who imports whom, by `.dependency-cruiser.cjs`. Ends with 1 on a violation, and also when a
 * file of `src/` or `web/src/` was not looked at: a tool that sees nothing finds nothing wrong.
 */
const ROOT = join(import.meta.dirname, '..');
const FOLDERS = ['src', 'agents', 'web', 'tests', 'scripts', 'bench'];
const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;

interface Cruised {
  modules: { source: string }[];
  summary: { violations: { from: string; to: string; rule: { name: string } }[] };
}

/** One line per violation or unseen file, below `root`. Throws when the tool itself fails. */
export function importFaults(root = ROOT): string[] {
  const { modules, summary } = cruised(root);
  const seen = new Set(modules.map(({ source }) => source));
  const files = globSync(['src/**/*.ts', 'web/src/**/*.{ts,tsx}'], { cwd: root, exclude: ['**/fixtures/**'] });
  if (files.length === 0) return ['src/ holds no file to look at'];
  return [
    ...summary.violations.map(({ from, to, rule }) => `${rule.name}: ${from} → ${to}`),
    ...files.filter((file) => !seen.has(file)).map((file) => `not looked at: ${file}`),
  ];
}

function cruised(root: string): Cruised {
  const folders = FOLDERS.filter((folder) => statSync(join(root, folder), { throwIfNoEntry: false })?.isDirectory());
  const tool = join(ROOT, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruiser.mjs');
  const args = ['--config', join(ROOT, '.dependency-cruiser.cjs'), '--output-type', 'json', '--', ...folders];
  const run = spawnSync(process.execPath, [tool, ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  try {
    return JSON.parse(run.stdout) as Cruised;
  } catch (cause) {
    throw new Error(`The imports could not be read: ${run.stderr || run.stdout || run.error?.message}`, { cause });
  }
}

if (import.meta.main) {
  const faults = importFaults();
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
