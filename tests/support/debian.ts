import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const INSTALL_MS = 100_000;
const LIBRARY_FOLDERS = ['x86_64', 'aarch64'].map((machine) => `/usr/lib/${machine}-linux-gnu`);

/**
 * Null when the program is there, else why not. As root on Debian it is installed when it is missing: a suite that cannot
 * inject its faults proves nothing, and one that is skipped has to say why.
 */
export function missingTool(program: string, debianPackage = program, installMsMax = INSTALL_MS): string | null {
  if (runs(program, ['--version'])) return null;
  if (process.platform !== 'linux') return `${program} is for Linux`;
  if (process.getuid?.() !== 0) return `${program} is not installed: apt-get install ${debianPackage}`;
  const install = ['install', '-y', '--no-install-recommends', debianPackage];
  // A list that is too old for what the mirror has now is brought up to date once.
  if (!runs('apt-get', install, installMsMax) && runs('apt-get', ['update'])) runs('apt-get', install, installMsMax);
  return runs(program, ['--version']) ? null : `${program} could not be installed with apt-get`;
}

/** Null when system calls of a child can be traced here; containers and hardened kernels forbid it. */
export function missingStrace(): string | null {
  return (
    missingTool('strace') ?? (runs('strace', ['-qq', '-o', '/dev/null', 'true']) ? null : 'strace may not trace here')
  );
}

/** The library that gives a program another clock. */
export function missingFaketime(): { missing: string | null; library: string } {
  const missing = missingTool('faketime');
  const library = LIBRARY_FOLDERS.map((folder) => `${folder}/faketime/libfaketimeMT.so.1`).find((path) =>
    existsSync(path),
  );
  return { missing: missing ?? (library ? null : 'libfaketime was not found'), library: library ?? '' };
}

function runs(program: string, words: string[], timeout = INSTALL_MS): boolean {
  try {
    execFileSync(program, words, {
      stdio: 'ignore',
      timeout,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    return true;
  } catch {
    return false;
  }
}
