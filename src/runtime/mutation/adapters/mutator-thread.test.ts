import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../../kernel/adapters/system.ts';
import { programFile } from '../../../programs/installation.ts';
import { scratch } from '../../worktrees/adapters/test-support.ts';
import { findMutants } from './mutator-thread.ts';

const soon = () => systemClock.monotonicMs() + 60_000;
const source = (file: string, text: string) => ({ file, text, lines: [[1, 99] as const] });

it('finds the mutants of each file, in their order', async () => {
  const files = [
    source('a.js', 'export default 1 + 2;\n'),
    source('b.js', 'function ('),
    source('c.ts', 'f(a as number,\n  !b);\n'),
  ];
  const found = await findMutants(programFile('mutator'), files, systemClock, soon());
  expect(found.map((some) => some?.map(({ line, column, replacement }) => [line, column, replacement]))).toEqual([
    [[1, 16, '1 - 2']],
    [],
    [
      [1, 1, ';'],
      [2, 3, 'b'],
    ],
  ]);
});

it('leaves out the file at which the thread ends, and goes on behind it', async () => {
  const program = join(scratch(), 'thread.mjs');
  writeFileSync(
    program,
    `import { parentPort, workerData } from 'node:worker_threads';
     for (const { text } of workerData) { if (text === 'die') throw new Error('out of memory'); parentPort.postMessage([]); }`,
  );
  const files = ['ok', 'die', 'die', 'ok'].map((text, n) => source(`${n}.js`, text));
  expect(await findMutants(program, files, systemClock, soon())).toEqual([[], null, null, []]);
});

it('ends a thread that takes all the time there is, and starts no other', async () => {
  const program = join(scratch(), 'thread.mjs');
  writeFileSync(program, 'for (;;);');
  const timers: (() => void)[] = [];
  let now = 0;
  const clock = {
    now: () => now,
    monotonicMs: () => now,
    after: (_ms: number, fire: () => void) => (timers.push(fire), () => {}),
  };
  const found = findMutants(program, [source('a.js', ''), source('b.js', '')], clock, 100);
  now = 200;
  timers[0]?.();
  expect(await found).toEqual([null, null]);
  expect(timers).toHaveLength(1);
});
