import { basename, dirname, join } from 'node:path';
import { type Directory, directory, type File, file, type Inode } from './inode.ts';
import { bytesOf, type Call } from './trace.ts';

/**
 * A disk with a cache in front of it, as POSIX allows the worst one to be. What a program wrote is in the cache until it
 * has asked for it to be durable: a file's bytes by `fsync` of the file, a name (also of a new file, also by a rename)
 * by `fsync` of its directory. `crash` makes what a power cut may leave: of what is only in the cache, anything.
 */
export interface Disk {
  /** Follows one call; those about files elsewhere change nothing. Throws for a change that it has no model of. */
  apply(call: Call): void;
  root: Directory;
  /** How many calls have changed a file or a directory below the root. */
  changes(): number;
}

interface Opened {
  inode: Inode;
  offset: number;
  appends: boolean;
}

/** `path` is taken to exist and to be durable. */
export function createDisk(path: string): Disk {
  const root = directory();
  const opened = new Map<number, Opened>();
  let changes = 0;

  function find(at: string): Inode | undefined {
    if (at === path) return root;
    if (!at.startsWith(`${path}/`)) return undefined;
    const parent = find(dirname(at));
    return parent?.kind === 'directory' ? parent.names.get(basename(at)) : undefined;
  }
  function parentOf(at: string): Directory | undefined {
    const parent = find(dirname(at));
    return parent?.kind === 'directory' ? parent : undefined;
  }
  function rename(from: string, to: string, seq: number): void {
    const [source, target, inode] = [parentOf(from), parentOf(to), find(from)];
    if (!source && !target) return;
    if (!source || !target || !inode) throw new Error(`a rename over the edge: ${from} to ${to}`);
    const [gone, come] = [
      { name: basename(from), inode: null },
      { name: basename(to), inode },
    ];
    // Within one directory both or none; between two, each directory has its own half.
    if (source === target) source.change(seq, [gone, come]);
    else {
      source.change(seq, [gone]);
      target.change(seq, [come]);
    }
    changes++;
  }
  function open(at: string, flags: string, call: Call): void {
    opened.delete(call.result);
    let inode = find(at);
    const parent = parentOf(at);
    if (!inode && parent && flags.includes('O_CREAT')) {
      inode = file();
      parent.change(call.end, [{ name: basename(at), inode }]);
      changes++;
    }
    if (!inode) return;
    if (inode.kind === 'file' && flags.includes('O_TRUNC')) inode.truncate(call.end, 0);
    opened.set(call.result, { inode, offset: 0, appends: flags.includes('O_APPEND') });
  }
  function write(one: Opened, bytes: Buffer, offset: number | undefined, call: Call): void {
    const written = bytes.subarray(0, call.result);
    const at = offset ?? (one.appends ? fileOf(one).size() : one.offset);
    fileOf(one).write(call.end, at, written);
    if (offset === undefined) one.offset = at + written.length;
    changes++;
  }
  function unlink(at: string, seq: number): void {
    const parent = parentOf(at);
    if (!parent) return;
    parent.change(seq, [{ name: basename(at), inode: null }]);
    changes++;
  }

  return {
    root,
    changes: () => changes,
    apply(call) {
      const { name, args, end } = call;
      const text = (n: number) => bytesOf(args[n]).toString();
      const fd = /^\d+$/.test(args[0] ?? '') ? opened.get(Number(args[0])) : undefined;
      if (name === 'open') return open(text(0), args[1] ?? '', call);
      if (name === 'openat') return open(pathAt(args[0], text(1)), args[2] ?? '', call);
      if (name === 'close') return void opened.delete(Number(args[0]));
      if (name === 'rename') return rename(text(0), text(1), end);
      if (name === 'renameat' || name === 'renameat2')
        return rename(pathAt(args[0], text(1)), pathAt(args[2], text(3)), end);
      if (name === 'unlink' || name === 'rmdir') return unlink(text(0), end);
      if (name === 'unlinkat') return unlink(pathAt(args[0], text(1)), end);
      if (name === 'mkdir' || name === 'mkdirat') {
        const at = name === 'mkdir' ? text(0) : pathAt(args[0], text(1));
        parentOf(at)?.change(end, [{ name: basename(at), inode: directory() }]);
        return;
      }
      if (!fd) return;
      if (name === 'write') return write(fd, bytesOf(args[1]), undefined, call);
      if (name === 'pwrite64') return write(fd, bytesOf(args[1]), Number(args[3]), call);
      if (name === 'ftruncate') return fileOf(fd).truncate(end, Number(args[1]));
      // What was written while the call was under way may not be among what it made durable.
      if (name === 'fsync' || name === 'fdatasync') return fd.inode.sync(call.start);
      if (name === 'lseek') return void (fd.offset = call.result);
      throw new Error(`no model of ${name} on a file`);
    },
  };
}

function fileOf({ inode }: Opened): File {
  if (inode.kind !== 'file') throw new Error('a directory is written to');
  return inode;
}

function pathAt(folder: string | undefined, path: string): string {
  if (path.startsWith('/') || folder !== 'AT_FDCWD') return path;
  return join(process.cwd(), path);
}
