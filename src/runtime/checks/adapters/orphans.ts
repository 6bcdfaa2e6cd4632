import { readFile } from 'node:fs/promises';
import { kindOf, readJson, writeWhole } from '../../worktrees/adapters/files.ts';
import type { Hands } from '../../worktrees/hands.ts';
import { killGroup } from './run-process.ts';

interface Running {
  pid: number;
  /** The kernel's start tick and boot: a pid alone may belong to somebody else by now. */
  born: string;
}

/** Remembers a check's process group, so that the next server can end it should this one die. */
export async function rememberGroup(hands: Pick<Hands, 'random'>, path: string, pid: number): Promise<void> {
  const born = await bornOf(pid);
  if (born) await writeWhole(hands, path, JSON.stringify({ pid, born } satisfies Running));
}

/** Ends what an earlier server left running of this check. */
export async function endOrphan(path: string): Promise<void> {
  if ((await kindOf(path)) === 'absent') return;
  const running = await readJson<Running>(path);
  if (running && (await bornOf(running.pid)) === running.born) killGroup(running.pid, 'SIGKILL');
}

// Where there is no /proc (macOS) orphans are not recognised and end at their own limit of patience.
async function bornOf(pid: number): Promise<string | null> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    ]);
    return `${boot.trim()}:${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return null;
  }
}
