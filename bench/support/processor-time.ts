import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/**
 * Seconds of processor time that a process and all it has started have used so far, the ended ones included: each is counted
 * with what it has reaped. Linux only.
 */
export function processorSeconds(root: number): number {
  return [...family(root).values()].reduce((sum, { ticks }) => sum + ticks, 0) / TICKS_PER_SECOND;
}

/** How many threads of them run at this moment, or would if a core were free. */
export function runnableThreads(root: number): number {
  let runnable = 0;
  for (const pid of family(root).keys())
    for (const thread of namesIn(`/proc/${pid}/task`))
      if (statOf(`/proc/${pid}/task/${thread}/stat`)?.state === 'R') runnable++;
  return runnable;
}

function family(root: number): Map<number, Stat> {
  const all = new Map<number, Stat>();
  for (const name of namesIn('/proc')) {
    const found = /^\d+$/.test(name) ? statOf(`/proc/${name}/stat`) : null;
    if (found) all.set(Number(name), found);
  }
  const belongs = (pid: number): boolean => pid === root || (pid > 1 && belongs(all.get(pid)?.parent ?? 0));
  return new Map([...all].filter(([pid]) => belongs(pid)));
}

interface Stat {
  state: string;
  parent: number;
  /** Its own and those of what it has reaped. */
  ticks: number;
}

/** Null when it has ended meanwhile. */
function statOf(path: string): Stat | null {
  try {
    const stat = readFileSync(path, 'latin1');
    // The name, in brackets, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { state: fields[0] as string, parent: Number(fields[1]), ticks };
  } catch {
    return null;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
