import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/**
 * `npm run check`: everything about the code that can be said without running it, one line per step with its time. Each
 * step runs under this Node by the absolute path of its tool, so it does not matter what the PATH holds. The output of a
 * step is shown when it fails; the exit code is 1 when any did.
 */
const ROOT = join(import.meta.dirname, '..');
const tool = (...path: string[]) => join(ROOT, 'node_modules', ...path);
const script = (name: string) => join(ROOT, 'scripts', name);

const STEPS: readonly { name: string; argv: readonly string[] }[] = [
  { name: 'format', argv: [tool('@biomejs', 'biome', 'bin', 'biome'), 'format', '.'] },
  { name: 'lint', argv: [tool('oxlint', 'bin', 'oxlint'), '--type-aware', '--deny-warnings', '.'] },
  { name: 'types', argv: [tool('typescript', 'bin', 'tsc'), '--project', '.'] },
  { name: 'imports', argv: [script('imports.ts')] },
  { name: 'docs', argv: [script('docs.ts'), '--check'] },
  { name: 'unused', argv: [tool('knip', 'bin', 'knip.js'), '--no-progress', '--no-config-hints'] },
];

let failed = 0;
for (const { name, argv } of STEPS) {
  const startedAt = performance.now();
  const run = spawnSync(process.execPath, argv, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const good = run.status === 0;
  console.log(`${good ? 'ok  ' : 'FAIL'} ${name.padEnd(8)} ${seconds.padStart(5)} s`);
  if (good) continue;
  failed += 1;
  console.log(`${run.stdout}${run.stderr}${run.error?.message ?? ''}`.trimEnd());
}
process.exitCode = failed === 0 ? 0 : 1;
