import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoGit } from './git.ts';

export interface DemoPlace {
  root: string;
  repository: string;
  data: string;
  /** The commit that the repository begins with. */
  base: string;
}

export const DEMO_BRANCH = 'main';

/** A real repository of one commit in a new folder (0700), and room for a data directory beside it. */
export async function makePlace(home: string, env: Readonly<Record<string, string | undefined>>): Promise<DemoPlace> {
  const root = mkdtempSync(join(tmpdir(), 'heph-demo-'));
  const repository = join(root, 'repository');
  cpSync(join(home, 'demo', 'repository'), repository, { recursive: true });
  const git = demoGit(env);
  await git(repository, 'init', '--quiet', `--initial-branch=${DEMO_BRANCH}`);
  await git(repository, 'add', '--all');
  await git(repository, 'commit', '--quiet', '--message=A small library whose tests fail');
  return { root, repository, data: join(root, 'data'), base: await git(repository, 'rev-parse', 'HEAD') };
}
