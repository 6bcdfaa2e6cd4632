import { execFileSync } from 'node:child_process';

const INSTALL_MS = 100_000;

/**
 * Null when the program is there, else why not. As root on Debian it is installed when it is missing: a suite that cannot
 * inject its faults proves nothing, and one that is skipped has to say why.
 */
export function missingTool(program: string, debianPackage = program): string | null {
  if (runs(program, ['--version'])) return null;
  if (process.platform !== 'linux') return `${program} is for Linux`;
  if (process.getuid?.() !== 0) return `${program} is not installed: apt-get install ${debianPackage}`;
  const install = ['install', '-y', '--no-install-recommends', debianPackage];
  if (!runs('apt-get', install)) runs('apt-get', ['update']) && runs('apt-get', install);
  return runs(program, ['--version']) ? null : `${program} could not be installed with apt-get`;
}

/** Null when system calls of a child can be traced here; containers and hardened kernels forbid it. */
export function missingStrace(): string | null {
  return (
    missingTool('strace') ?? (runs('strace', ['-qq', '-o', '/dev/null', 'true']) ? null : 'strace may not trace here')
  );
}

function runs(program: string, words: string[]): boolean {
  try {
    execFileSync(program, words, {
      stdio: 'ignore',
      timeout: INSTALL_MS,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    return true;
  } catch {
    return false;
  }
}
