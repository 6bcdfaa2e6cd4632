import { readFileSync } from 'node:fs';

/** A system call as strace has written it down. Text in the arguments is decoded by `bytesOf`. */
export interface Call {
  name: string;
  args: string[];
  result: number;
  /** Places in the trace: another thread's calls may lie between the beginning and the end. */
  start: number;
  end: number;
}

/** What changes files, what makes changes durable, and what is needed to know which file a number means. */
const TRACED = [
  ...['open', 'openat', 'creat', 'close', 'dup', 'dup2', 'dup3', 'lseek', 'mkdir', 'mkdirat', 'rmdir'],
  ...['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2', 'copy_file_range', 'sendfile', 'splice'],
  ...['ftruncate', 'truncate', 'fallocate', 'fsync', 'fdatasync', 'sync_file_range'],
  ...['rename', 'renameat', 'renameat2', 'unlink', 'unlinkat', 'link', 'linkat', 'symlink', 'symlinkat'],
];
const STRING_MAX = 1_000_000;

/** The words in front of a program whose calls go to `file`: every byte that is written is in it. */
export function straceWords(file: string): string[] {
  return ['-f', '-qq', '-e', 'signal=none', '-e', `trace=${TRACED.join()}`, '-xx', '-s', `${STRING_MAX}`, '-o', file];
}

/** The calls that succeeded, in the order in which they ended. */
export function readTrace(file: string): Call[] {
  const begun = new Map<string, { text: string; start: number }>();
  const calls: Call[] = [];
  for (const [place, line] of readFileSync(file, 'latin1').split('\n').entries()) {
    const [, thread = '', rest = ''] = /^(\d+) +(.*)$/s.exec(line) ?? [];
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(thread, { text: rest.slice(0, -'<unfinished ...>'.length).trimEnd(), start: place });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>/.exec(rest)?.[0];
    const first = resumed ? begun.get(thread) : { text: '', start: place };
    const call = callIn(resumed ? `${first?.text}${rest.slice(resumed.length)}` : rest);
    if (call && call.result >= 0) calls.push({ ...call, start: first?.start ?? place, end: place });
  }
  return calls;
}

function callIn(text: string): Pick<Call, 'name' | 'args' | 'result'> | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')', text.lastIndexOf(' = '));
  const result = /^\) += (-?\d+)/.exec(text.slice(close))?.[1];
  if (open < 0 || result === undefined) return undefined;
  return { name: text.slice(0, open), args: text.slice(open + 1, close).split(', '), result: Number(result) };
}

/** What stands between the quotation marks of an argument. Throws when strace has cut it off. */
export function bytesOf(argument: string | undefined): Buffer {
  if (!argument?.startsWith('"') || !argument.endsWith('"')) throw new Error(`no whole text: ${argument?.slice(-40)}`);
  return Buffer.from(argument.slice(1, -1).replaceAll('\\x', ''), 'hex');
}
