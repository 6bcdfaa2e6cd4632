import { readdirSync, readFileSync } from 'node:fs';
import { lives, until } from './agent-world.ts';

/**
 * Every living process that was started, however indirectly, by a product in `root`: its words or its environment name
 * that folder (agents, checks and holders inherit a TMPDIR inside it). This process is not among them.
 */
export function processesOf(root: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => read(pid, 'cmdline').includes(root) || read(pid, 'environ').includes(root))
    .map(Number)
    .filter(lives);
}

/** Those of them that are neither this server nor a holder that it has, or had, at hand: agents and all that they start. */
export function agentProcessesOf(root: string, serverPid: number): number[] {
  return processesOf(root).filter((pid) => pid !== serverPid && !wordsOf(pid).endsWith(' --spare'));
}

/** What a process was started with, words separated by spaces; empty when it is gone. */
export function wordsOf(pid: number): string {
  return read(String(pid), 'cmdline').replaceAll('\0', ' ').trim();
}

/** Ends what is left, by number, and answers what it was, so that a test can say that nothing should have been. */
export async function endProcessesOf(root: string): Promise<string[]> {
  const found: string[] = [];
  for (let pids = processesOf(root); pids.length > 0; pids = processesOf(root)) {
    for (const pid of pids) {
      found.push(`${pid} ${wordsOf(pid)}`);
      kill(pid);
    }
    await until(() => !pids.some(lives));
  }
  return found;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It ended by itself between the look and the kill.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function read(pid: string, what: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'latin1');
  } catch {
    return '';
  }
}
