import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { ROOT } from './source-files.ts';

/**
 * Builds the package once for all suites that start programs, in a folder of its own: the command line of the package
 * starts in a quarter of the time that the sources take. Whoever has a `dist/` in the clone keeps it as it is.
 */
export default function build(): (() => void) | undefined {
  // Two groups of suites ask for it; one run has one.
  if (process.env.HEPH_TEST_PACKED) return undefined;
  const home = mkdtempSync(join(tmpdir(), 'heph-packed-'));
  const tsdown = join(ROOT, 'node_modules', 'tsdown', 'dist', 'run.mjs');
  execFileSync(process.execPath, [tsdown, '--out-dir', join(home, 'dist')], { cwd: ROOT });
  // The page is built once per change of its sources, and copied.
  execFileSync(process.execPath, [join(ROOT, 'scripts', 'web.ts')], { cwd: ROOT });
  cpSync(join(ROOT, 'dist', 'web'), join(home, 'dist', 'web'), { recursive: true });
  for (const name of ['package.json', ...packageJson.files])
    if (name !== 'dist') cpSync(join(ROOT, name), join(home, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(home, 'node_modules'));
  process.env.HEPH_TEST_PACKED = home;
  return () => {
    delete process.env.HEPH_TEST_PACKED;
    rmSync(home, { recursive: true, force: true });
  };
}
