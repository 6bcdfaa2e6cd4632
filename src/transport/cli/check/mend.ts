import { createInterface } from 'node:readline';
import type { CheckDefinition, CheckOutcome, CheckRun, Fix, OpenedChecks } from '../../../checks/index.ts';
import { messageOf } from '../../../kernel/errors.ts';
import { plainLine } from '../../../kernel/plain-text.ts';
import { shellWords } from '../../../kernel/words.ts';
import type { Output } from '../output.ts';
import type { World } from '../world.ts';

export interface Mending {
  checks: OpenedChecks;
  definition: CheckDefinition;
  run: CheckRun;
  newId(): string;
  signal: AbortSignal;
  /** Null: whatever can be mended is. */
  ask: ((question: string) => Promise<boolean>) | null;
}

/** Applies the fix of each check that failed and has one; answers a sentence for each that was applied. */
export async function mend(mending: Mending, output: Output): Promise<string[]> {
  const done: string[] = [];
  for (const outcome of mending.run.checks.filter(({ fixable }) => fixable)) {
    const fix = await fixOf(mending, outcome);
    if (!fix || mending.signal.aborted) continue;
    const words = plainLine(shellWords(fix.words), 300);
    if (mending.ask && !(await mending.ask(`Mend ${outcome.name} with \`${words}\`?`))) continue;
    output.say(`mending   ${plainLine(outcome.name)}: ${words}`);
    done.push(await applyFix(mending, outcome, fix));
  }
  return done;
}

async function fixOf({ checks, definition }: Mending, { name }: CheckOutcome): Promise<Fix | null> {
  const check = definition.checks.find((one) => one.name === name);
  if (check?.fix) return { words: check.fix, changes: [] };
  // A built-in says how it is mended when it looks, and it may be well by now.
  return check?.builtin ? (await checks.parts.builtIns[check.builtin].look(check)).fix : null;
}

async function applyFix(mending: Mending, { name }: CheckOutcome, fix: Fix): Promise<string> {
  const { checks, definition, signal } = mending;
  const check = definition.checks.find((one) => one.name === name);
  const id = mending.newId();
  let said = '';
  const run = async () => {
    if (!check) return false;
    const result = await checks.parts.commands.run({ ...check, junit: null }, fix.words, id, signal);
    if (result.exitCode === 0) return true;
    said = `; it ended with ${result.signal ?? `exit code ${result.exitCode}`}: ${lastLine(result.tail)}`;
    return false;
  };
  try {
    const changed = await checks.fixes.apply(id, name, fix, run);
    return `${name}: ${fix.words.join(' ')} changed ${changed.length === 0 ? 'nothing' : changed.slice(0, 5).join(', ')}${changed.length > 5 ? ` and ${changed.length - 5} more` : ''}${said}`;
  } catch (error) {
    return `${name}: ${fix.words.join(' ')} could not be applied: ${messageOf(error)}`;
  }
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

/** Asks a person, beside the result; anything but y or yes is a no, and so is the end of the input. */
export async function askPerson(world: World, question: string, signal: AbortSignal): Promise<boolean> {
  world.stderr.write(`${question} [y/N] `);
  const lines = createInterface({ input: world.stdin });
  const { promise, resolve } = Promise.withResolvers<string>();
  const giveUp = () => resolve('');
  lines.once('line', resolve).once('close', giveUp);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return /^y(es)?$/i.test((await promise).trim());
  } finally {
    signal.removeEventListener('abort', giveUp);
    lines.close();
  }
}
