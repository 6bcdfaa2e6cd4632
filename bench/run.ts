import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Bench, Figure } from './measure.ts';
import { conditionsNow, loadAverage, machineFacts } from './support/machine.ts';
import { tableOf } from './support/table.ts';

/**
 * `npm run bench`: every benchmark of this folder, each in a process of its own, so that none meets another's heap or what
 * the compiler has learnt from it. Progress goes to stderr, a table or JSON to stdout.
 */
const USAGE = `npm run bench -- [--only NAME]… [--quick] [--json]
  --only NAME   this benchmark only; may be repeated: ${names().join(', ')}
  --quick       fewer and smaller rounds, for a look
  --json        machine, conditions and figures as one JSON object
  --list        the names`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
    // How this program starts itself for one of them.
    one: { type: 'string' },
  },
});

if (values.help) process.stdout.write(`${USAGE}\n`);
else if (values.list) process.stdout.write(`${names().join('\n')}\n`);
else if (values.one !== undefined) await runHere(values.one, values.quick);
else process.exitCode = await runAll(values.only ?? names(), values.quick, values.json);

/** The modules of this folder, but for this one and what they share. */
function names(): string[] {
  const shared = new Set(['run', 'measure', 'raw-log']);
  return readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => basename(file, '.ts'))
    .filter((name) => !shared.has(name))
    .sort();
}

async function runAll(wanted: readonly string[], quick: boolean, json: boolean): Promise<number> {
  const unknown = wanted.filter((name) => !names().includes(name));
  if (unknown.length > 0) {
    process.stderr.write(`There is no benchmark named ${unknown.join(', ')}.\n${USAGE}\n`);
    return 2;
  }
  const machine = machineFacts();
  const at = new Date().toISOString();
  const before = conditionsNow();
  const figures: Figure[] = [];
  const skipped: { name: string; reason: string }[] = [];
  const failures: { name: string; reason: string }[] = [];
  for (const name of wanted) {
    process.stderr.write(`${name} … (load ${loadAverage()})\n`);
    try {
      const outcome = await runApart(name, quick);
      if ('missing' in outcome) {
        skipped.push({ name, reason: outcome.missing });
        process.stderr.write(`${name} skipped: ${outcome.missing}\n`);
        continue;
      }
      figures.push(...outcome.figures);
      process.stderr.write(`${tableOf(outcome.figures)}\n`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      failures.push({ name, reason });
      process.stderr.write(`${name} failed: ${reason}\n`);
    }
  }
  const conditions = { at, quick, before, after: conditionsNow() };
  process.stdout.write(
    json
      ? `${JSON.stringify({ machine, conditions, figures, skipped, failures }, null, 2)}\n`
      : `${JSON.stringify({ ...machine, ...conditions }, null, 1)}\n\n${tableOf(figures)}\n${skipped.map(({ name, reason }) => `${name} skipped: ${reason}\n`).join('')}`,
  );
  return failures.length > 0 ? 1 : 0;
}

/** What comes of a benchmark: its figures, or why there are none here. */
type Outcome = { figures: Figure[] } | { missing: string };

/** The outcome that a process of its own sends. */
function runApart(name: string, quick: boolean): Promise<Outcome> {
  const child = spawn(process.execPath, [import.meta.filename, '--one', name, ...(quick ? ['--quick'] : [])], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    let outcome: Outcome | null = null;
    child.on('message', (message) => {
      outcome = message as Outcome;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (outcome && code === 0) resolve(outcome);
      else reject(new Error(`it ended with ${signal ?? code}${outcome ? '' : ' and without a figure'}`));
    });
  });
}

async function runHere(name: string, quick: boolean): Promise<void> {
  const module = (await import(join(import.meta.dirname, `${name}.ts`))) as Partial<Bench>;
  if (!module.run) throw new Error(`bench/${name}.ts exports no run()`);
  const missing = module.missing?.() ?? null;
  const outcome: Outcome = missing === null ? { figures: await module.run({ quick }) } : { missing };
  if (process.send) process.send(outcome, () => process.disconnect());
  else process.stdout.write('missing' in outcome ? `skipped: ${outcome.missing}\n` : `${tableOf(outcome.figures)}\n`);
}
