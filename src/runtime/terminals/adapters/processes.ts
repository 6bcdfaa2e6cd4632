import { readdirSync, readFileSync } from 'node:fs';

/** A line of the process table. `ticks` is its start time since boot: pid and ticks together name a process for good. */
export interface ProcessEntry {
  pid: number;
  parent: number;
  group: number;
  session: number;
  ticks: number;
}

/** Which processes are an agent's: its session, its descendants, and whoever carries its mark in the environment. */
export interface AgentMark {
  agentId: string;
  /** The program the holder started; null when that was never known. */
  child: { pid: number; ticks: number } | null;
  /** Never to be counted in: the holder itself, the server. */
  except: readonly number[];
}

/** Changes with every start of the machine. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** Null for a process that is gone, a zombie included: nothing of it runs any more. */
export function readProcess(pid: number): ProcessEntry | null {
  const line = readProc(pid, 'stat')?.toString('latin1');
  if (line === undefined) return null;
  // The name in brackets may hold spaces and brackets; the fields begin behind the last one.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group, session] = fields;
  if (state === 'Z' || state === 'X') return null;
  return { pid, parent: Number(parent), group: Number(group), session: Number(session), ticks: Number(fields[19]) };
}

export function isAlive(pid: number, ticks: number): boolean {
  return readProcess(pid)?.ticks === ticks;
}

/** Every living process of the agent, found by what they are and not by who started them: `setsid` does not hide one. */
export function findAgentProcesses({ agentId, child, except }: AgentMark): ProcessEntry[] {
  const others = listProcesses().filter((entry) => !except.includes(entry.pid) && entry.pid !== process.pid);
  const found = new Map<number, ProcessEntry>();
  const mark = Buffer.from(`\0HEPH_AGENT_ID=${agentId}\0`);
  for (const entry of others)
    if (isOfChild(entry, child, others) || carries(entry.pid, mark)) found.set(entry.pid, entry);
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const entry of others) {
      if (found.has(entry.parent) || found.has(entry.session) || found.has(entry.group)) found.set(entry.pid, entry);
    }
  }
  return [...found.values()];
}

function isOfChild(entry: ProcessEntry, child: AgentMark['child'], others: readonly ProcessEntry[]): boolean {
  if (!child || (entry.pid !== child.pid && entry.session !== child.pid && entry.group !== child.pid)) return false;
  // The number may have been given to somebody else since; then its owner is younger than our child was.
  const leader = others.find((other) => other.pid === child.pid);
  return leader ? leader.ticks === child.ticks : entry.ticks >= child.ticks;
}

function listProcesses(): ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^[1-9][0-9]*$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((entry) => entry !== null);
}

/** The environment of another user's process cannot be read, so it never matches. */
function carries(pid: number, mark: Buffer): boolean {
  const environment = readProc(pid, 'environ');
  return environment !== undefined && (environment.includes(mark) || environment.indexOf(mark.subarray(1)) === 0);
}

function readProc(pid: number, file: string): Buffer | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`);
  } catch {
    return undefined;
  }
}
