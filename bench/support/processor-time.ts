import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/**
 * Seconds of processor time that a process and all it has started have used so far, the ended ones included: each is counted
 * with what it has reaped. Linux only.
 */
export function processorSeconds(root: number): number {
  const processes = new Map<number, { parent: number; ticks: number }>();
  for (const name of readdirSync('/proc')) {
    const found = /^\d+$/.test(name) ? statOf(Number(name)) : null;
    if (found) processes.set(Number(name), found);
  }
  const belongs = (pid: number): boolean => pid === root || (pid > 1 && belongs(processes.get(pid)?.parent ?? 0));
  let ticks = 0;
  for (const [pid, one] of processes) if (belongs(pid)) ticks += one.ticks;
  return ticks / TICKS_PER_SECOND;
}

function statOf(pid: number): { parent: number; ticks: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in brackets, may hold anything.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [user, system, reapedUser, reapedSystem] = fields.slice(11, 15) as [number, number, number, number];
    return { parent: fields[1] as number, ticks: user + system + reapedUser + reapedSystem };
  } catch {
    return null;
  }
}
