import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** A process that has said it is ready, and what it costs while it has nothing to do. */
export interface Idle {
  pid: number;
  residentMb(): number;
  /** How often a second its threads went to sleep and were woken again, over the next `windowMs`. */
  wakeUps(windowMs: number): Promise<number>;
  stop(): Promise<void>;
}

/** Starts a program and waits for a line of it that says "is ready". */
export async function startIdle(command: string, args: readonly string[]): Promise<Idle> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const said = createInterface(child.stdout);
  const ready = new Promise<void>((resolve) => said.on('line', (line) => line.includes('is ready') && resolve()));
  await Promise.race([
    ready,
    exited.then(([code]) => {
      throw new Error(`${args.join(' ')} ended with ${code} before it was ready`);
    }),
  ]);
  const folder = `/proc/${child.pid}`;
  return {
    pid: child.pid as number,
    residentMb: () => numberIn(`${folder}/status`, 'VmRSS') / 1024,
    async wakeUps(windowMs) {
      const before = switches(folder);
      await new Promise((resolve) => setTimeout(resolve, windowMs));
      return (switches(folder) - before) / (windowMs / 1000);
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function switches(folder: string): number {
  let sum = 0;
  for (const thread of readdirSync(`${folder}/task`))
    sum += numberIn(`${folder}/task/${thread}/status`, 'voluntary_ctxt_switches');
  return sum;
}

function numberIn(path: string, field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(path, 'utf8'));
  if (!found) throw new Error(`${path} has no ${field}`);
  return Number(found[1]);
}
