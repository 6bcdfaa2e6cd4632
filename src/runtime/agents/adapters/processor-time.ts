import { readFileSync } from 'node:fs';
import { findAgentProcesses, type AgentMark } from '../../terminals/adapters/processes.ts';

/** Linux counts in hundredths of a second for every program, whatever the kernel's own clock is. */
const TICK_MS = 10;

/** What all living processes of the agent, and those they have waited for, took of processors (ms); null where that cannot be told. */
export function processorTime(mark: AgentMark): number | null {
  try {
    return findAgentProcesses(mark).reduce((sum, { pid }) => sum + timeOf(pid), 0);
  } catch {
    return null;
  }
}

/** Zero for one that has just ended. */
function timeOf(pid: number): number {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in brackets may hold spaces and brackets; utime, stime, cutime and cstime are the 14th to 17th fields.
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * TICK_MS;
  } catch {
    return 0;
  }
}
