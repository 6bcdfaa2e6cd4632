import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own, as small as asked for and in memory. */
export interface SmallDisk {
  path: string;
  remount(how: 'ro' | 'rw'): void;
  remove(): void;
}

/** Mounts one at `path`, which is made when it is missing. Only root may. */
export function mountSmallDisk(path: string, size: string): SmallDisk {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  mount('-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', path);
  return {
    path,
    remount: (how) => mount('-o', `remount,${how}`, path),
    remove() {
      execFileSync('umount', ['--', path], { stdio: 'pipe' });
      rmdirSync(path);
    },
  };
}

/** Null when small disks can be made here, else why not. */
export function missingMount(): string | null {
  const path = join(mkdtempSync(join(tmpdir(), 'heph-mount-')), 'disk');
  try {
    mountSmallDisk(path, '1m').remove();
    return null;
  } catch {
    return 'no file system may be mounted here: that takes root and the right to mount';
  } finally {
    rmdirSync(join(path, '..'));
  }
}

function mount(...words: string[]): void {
  execFileSync('mount', words, { stdio: 'pipe' });
}
