import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
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
  { name: 'page', argv: [tool('typescript', 'bin', 'tsc'), '--project', 'web'] },
  { name: 'imports', argv: [script('imports.ts')] },
  { name: 'docs', argv: [script('docs.ts'), '--check'] },
  { name: 'unused', argv: [tool('knip', 'bin', 'knip.js'), '--no-progress', '--no-config-hints'] },
];

const toStart = STEPS.values();
let failed = 0;

/** One step after the other, as long as there are any; as many of these go at a time as there are cores. */
async function work(): Promise<void> {
  for (const { name, argv } of toStart) {
    const startedAt = performance.now();
    const { good, output } = await run(argv);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`${good ? 'ok  ' : 'FAIL'} ${name.padEnd(8)} ${seconds.padStart(5)} s`);
    if (good) continue;
    failed += 1;
    console.log(output.trimEnd());
  }
}

function run(argv: readonly string[]): Promise<{ good: boolean; output: string }> {
  const child = spawn(process.execPath, argv, {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const hear = (text: string) => void (output += text);
  child.stdout.setEncoding('utf8').on('data', hear);
  child.stderr.setEncoding('utf8').on('data', hear);
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ good: false, output: error.message }));
    child.on('close', (code) => resolve({ good: code === 0, output }));
  });
}

await Promise.all(Array.from({ length: availableParallelism() }, work));
process.exitCode = failed === 0 ? 0 : 1;
