import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a power cut leaves of the changes that were not durable yet. */
export interface Fate {
  /** Whether a change of a directory, or of a file's length, has reached the disk. */
  keeps(): boolean;
  /** The pieces of a write that have. */
  pieces(offset: number, bytes: Buffer): { offset: number; bytes: Buffer }[];
}

export interface File {
  kind: 'file';
  write(seq: number, offset: number, bytes: Buffer): void;
  truncate(seq: number, size: number): void;
  size(): number;
  /** Everything that was changed before `seq` is durable from now on. */
  sync(seq: number): void;
  /** The file's bytes after a power cut now. */
  after(fate: Fate): Buffer;
}

export interface Directory {
  kind: 'directory';
  /** What a living process sees. */
  names: Map<string, Inode>;
  /** All of the changes or none of them; null takes a name away. */
  change(seq: number, changes: { name: string; inode: Inode | null }[]): void;
  sync(seq: number): void;
  after(fate: Fate): Map<string, Inode>;
}

export type Inode = File | Directory;

type Change = { seq: number; offset: number; bytes: Buffer } | { seq: number; truncate: number };

export function file(): File {
  let durable: Content = { bytes: Buffer.alloc(0), size: 0 };
  let pending: Change[] = [];
  let size = 0;
  return {
    kind: 'file',
    size: () => size,
    write(seq, offset, bytes) {
      pending.push({ seq, offset, bytes });
      size = Math.max(size, offset + bytes.length);
    },
    truncate(seq, to) {
      pending.push({ seq, truncate: to });
      size = to;
    },
    sync(seq) {
      for (const one of pending) if (one.seq < seq) durable = apply(durable, one);
      pending = pending.filter((one) => one.seq >= seq);
    },
    after(fate) {
      let content: Content = { bytes: Buffer.from(durable.bytes.subarray(0, durable.size)), size: durable.size };
      for (const one of pending) {
        if ('truncate' in one) content = fate.keeps() ? apply(content, one) : content;
        else for (const piece of fate.pieces(one.offset, one.bytes)) content = apply(content, { seq: 0, ...piece });
      }
      return content.bytes.subarray(0, content.size);
    },
  };
}

interface Content {
  /** May be longer than the file. */
  bytes: Buffer;
  size: number;
}

function apply(content: Content, change: Change): Content {
  if ('truncate' in change) {
    const grown = room(content, change.truncate);
    // What a later write leaves between is zeros, not what was cut off.
    grown.fill(0, Math.min(content.size, change.truncate));
    return { bytes: grown, size: change.truncate };
  }
  const end = change.offset + change.bytes.length;
  const bytes = room(content, end);
  change.bytes.copy(bytes, change.offset);
  return { bytes, size: Math.max(content.size, end) };
}

function room({ bytes }: Content, size: number): Buffer {
  if (size <= bytes.length) return bytes;
  const grown = Buffer.alloc(Math.max(size, bytes.length * 2));
  bytes.copy(grown);
  return grown;
}

export function directory(): Directory {
  const durable = new Map<string, Inode>();
  let pending: { seq: number; changes: { name: string; inode: Inode | null }[] }[] = [];
  const names = new Map<string, Inode>();
  return {
    kind: 'directory',
    names,
    change(seq, changes) {
      pending.push({ seq, changes });
      enter(names, changes);
    },
    sync(seq) {
      for (const one of pending) if (one.seq < seq) enter(durable, one.changes);
      pending = pending.filter((one) => one.seq >= seq);
    },
    after(fate) {
      const left = new Map(durable);
      for (const { changes } of pending) if (fate.keeps()) enter(left, changes);
      return left;
    },
  };
}

function enter(names: Map<string, Inode>, changes: { name: string; inode: Inode | null }[]): void {
  for (const { name, inode } of changes) {
    if (inode) names.set(name, inode);
    else names.delete(name);
  }
}

/** Lays out what is left of a directory after a power cut. */
export function crash(from: Directory, to: string, fate: Fate): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const [name, inode] of from.after(fate)) {
    if (inode.kind === 'directory') crash(inode, join(to, name), fate);
    else writeFileSync(join(to, name), inode.after(fate), { mode: 0o600 });
  }
}
