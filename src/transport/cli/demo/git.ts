import { execFile } from 'node:child_process';
import { fail } from '../failure.ts';

const GIT_MS = 60_000;
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

/** Git in a repository that the demo made itself: no configuration of the person's, no hooks, no pager, no shell. */
export function demoGit(
  env: Readonly<Record<string, string | undefined>>,
): (cwd: string, ...words: string[]) => Promise<string> {
  const inherited = Object.entries(env).filter(([name]) => !name.startsWith('GIT_'));
  const clean = {
    ...Object.fromEntries(inherited),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Hephaestus demo',
    GIT_AUTHOR_EMAIL: 'demo@localhost',
    GIT_COMMITTER_NAME: 'Hephaestus demo',
    GIT_COMMITTER_EMAIL: 'demo@localhost',
  };
  return (cwd, ...words) =>
    new Promise((resolve, reject) => {
      execFile(
        'git',
        words,
        { cwd, env: clean, timeout: GIT_MS, maxBuffer: OUTPUT_BYTES_MAX },
        (error, stdout, stderr) => {
          if (error) reject(fail('git.failed', `git ${words[0]} failed: ${stderr.trim() || error.message}`));
          else resolve(stdout.trimEnd());
        },
      );
    });
}
