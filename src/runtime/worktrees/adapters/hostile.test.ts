import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commitAll, git, openJob, scratch, worktree, write } from './test-support.ts';

interface Trap {
  /** The agent's worktree. */
  path: string;
  /** A program that leaves the canary. */
  script: string;
  config(key: string, value: string): void;
}

/** A folder whose configuration runs the script at every occasion; something redirects git to it. */
function trappedGitDir(trap: Trap): string {
  const elsewhere = join(trap.path, '..', '..', 'elsewhere');
  git(trap.path, 'clone', '--quiet', '--bare', '.', elsewhere);
  for (const key of ['core.fsmonitor', 'core.sshCommand', 'core.alternateRefsCommand', 'uploadpack.packObjectsHook']) {
    execFileSync('git', ['config', '--file', join(elsewhere, 'config'), key, trap.script]);
  }
  return elsewhere;
}

/** What an agent may plant. Each vector runs the script in a git that trusts the folder. */
const VECTORS: Record<string, (trap: Trap) => void> = {
  'core.fsmonitor': ({ config, script }) => config('core.fsmonitor', script),
  'hooks and core.hooksPath': ({ config, path, script }) => {
    const hooks = [
      'post-checkout',
      'pre-commit',
      'post-index-change',
      'reference-transaction',
      'pre-receive',
      'post-merge',
      'pre-auto-gc',
    ];
    for (const name of hooks) {
      write(path, {
        [`.git/hooks/${name}`]: { run: `#!/bin/sh\n${script}\n` },
        [`.hooks/${name}`]: { run: `#!/bin/sh\n${script}\n` },
      });
    }
    config('core.hooksPath', join(path, '.hooks'));
  },
  'filter clean, smudge and process': ({ config, path, script }) => {
    for (const kind of ['clean', 'smudge', 'process']) config(`filter.evil.${kind}`, script);
    write(path, { '.gitattributes': '* filter=evil\n' });
  },
  'diff.external': ({ config, script }) => config('diff.external', script),
  'diff textconv and command': ({ config, path, script }) => {
    config('diff.evil.textconv', script);
    config('diff.evil.command', script);
    write(path, { '.gitattributes': '* diff=evil\n' });
  },
  'a .git file': (trap) => {
    const elsewhere = trappedGitDir(trap);
    rmSync(join(trap.path, '.git'), { recursive: true });
    writeFileSync(join(trap.path, '.git'), `gitdir: ${elsewhere}\n`);
  },
  commondir: (trap) => writeFileSync(join(trap.path, '.git', 'commondir'), `${trappedGitDir(trap)}\n`),
  'objects/info/alternates': (trap) => {
    appendFileSync(join(trap.path, '.git/objects/info/alternates'), `${join(trappedGitDir(trap), 'objects')}\n`);
    trap.config('core.alternateRefsCommand', trap.script);
  },
  'core.sshCommand and remote helpers': ({ config, script }) => {
    config('core.sshCommand', script);
    config('core.gitProxy', script);
    config('credential.helper', script);
    config('remote.origin.uploadpack', script);
    config('remote.origin.url', `ext::${script}`);
    config('protocol.ext.allow', 'always');
    config('extensions.partialClone', 'origin');
    config('remote.origin.promisor', 'true');
    config('uploadpack.packObjectsHook', script);
  },
  'gpg.program': ({ config, script }) => {
    config('gpg.program', script);
    config('commit.gpgSign', 'true');
    config('merge.verifySignatures', 'true');
  },
  'include.path': ({ config, path, script }) => {
    write(path, {
      '.gitinclude': `[core]\n\tfsmonitor = ${script}\n\thooksPath = ${join(path, '.hooks')}\n[merge "evil"]\n\tdriver = ${script}\n`,
    });
    write(path, { '.gitattributes': '* merge=evil\n' });
    config('include.path', join(path, '.gitinclude'));
  },
  'a submodule with a configuration of its own': ({ config, path, script }) => {
    config('submodule.sub.update', `!${script}`);
    git(path, 'init', '--quiet', 'sub');
    write(path, { 'sub/x.txt': 'x\n' });
    commitAll(join(path, 'sub'), 'Sub');
    git(path, 'add', 'sub');
    git(path, 'commit', '--quiet', '-m', 'Gitlink');
    git(join(path, 'sub'), 'config', 'core.fsmonitor', script);
    write(path, {
      'sub/.git/hooks/post-index-change': { run: `#!/bin/sh\n${script}\n` },
      '.gitmodules': `[submodule "sub"]\n\tpath = sub\n\turl = ext::${script}\n`,
    });
  },
};

async function planted(plant: (trap: Trap) => void) {
  const job = await openJob();
  const path = await worktree(job);
  const canaries = scratch();
  const script = join(canaries, 'evil.sh');
  write(canaries, { 'evil.sh': { run: `#!/bin/sh\ntouch ${canaries}/executed\n` } });
  write(path, { 'a.txt': 'agent\n', 'new.txt': 'new\n' });
  commitAll(path, 'Agent');
  write(path, { 'b/c.txt': 'uncommitted\n' });
  const config = (key: string, value: string) => {
    execFileSync('git', ['config', '--file', join(path, '.git', 'config'), key, value]);
  };
  plant({ path, script, config });
  rmSync(join(canaries, 'executed'), { force: true });
  return { job, path, canary: join(canaries, 'executed') };
}

describe('what an agent plants in its worktree', () => {
  it.each(Object.keys(VECTORS))('is not executed: %s', async (name) => {
    const { job, path, canary } = await planted(VECTORS[name] ?? (() => {}));
    const { hands, repositoryId, base, runBranch } = job;
    const kept = await hands.keepTree({ taskId: 'tsk_one', repositoryId, turn: 1, base, message: 'Turn' });
    expect(kept.files.map((file) => file.path)).toEqual(expect.arrayContaining(['a.txt', 'b/c.txt', 'new.txt']));
    const candidate = kept.commit ?? '';
    const candidates = [{ candidateId: 'cnd_one', commit: candidate, message: 'Merge' }];
    const [merged] = await hands.mergeCandidates({ repositoryId, branch: runBranch, candidates });
    expect(merged?.outcome).toBe('merged');
    write(path, { 'late.txt': 'late\n' });
    const { removed, rescued } = await hands.removeWorktree({ taskId: 'tsk_one', repositoryId });
    expect(removed).toBe(true);
    expect(git(job.mirror, 'show', `${rescued}:late.txt`)).toBe('late');
    expect(existsSync(canary)).toBe(false);
  });

  // Otherwise the test above could pass because the traps are broken.
  it.each<[string, string[]]>([
    ['core.fsmonitor', ['status']],
    ['hooks and core.hooksPath', ['checkout', '-b', 'other']],
    ['filter clean, smudge and process', ['status']],
    ['diff.external', ['diff', 'HEAD']],
    ['diff textconv and command', ['diff', 'HEAD']],
    ['a .git file', ['--work-tree=.', 'status']],
    ['commondir', ['status']],
    ['core.sshCommand and remote helpers', ['fetch', 'origin']],
    ['gpg.program', ['commit', '--allow-empty', '-m', 'x']],
    ['include.path', ['status']],
    ['a submodule with a configuration of its own', ['status']],
  ])('would be executed by a git that trusts the folder: %s', async (name, args) => {
    const { path, canary } = await planted(VECTORS[name] ?? (() => {}));
    try {
      git(path, ...args);
    } catch {
      // many a trap also breaks the command that springs it
    }
    expect(existsSync(canary)).toBe(true);
  });

  it('is not executed when its commit is checked and delivered', async () => {
    const { job, canary } = await planted(VECTORS['filter clean, smudge and process'] ?? (() => {}));
    const { hands, repositoryId, base, user } = job;
    const kept = await hands.keepTree({ taskId: 'tsk_one', repositoryId, turn: 1, base, message: 'Turn' });
    const commit = kept.commit ?? '';
    const limits = { wallMs: 20_000, outputBytesMax: 1_000 };
    const check = await hands.runCheck({ checkKey: 'k', repositoryId, commit, command: 'true', limits });
    expect(check.status).toBe('passed');
    const request = {
      repositoryId,
      path: user.path,
      runBranch: 'heph/run-1',
      commit,
      base: { branch: 'main', from: base },
    };
    expect(await hands.deliver(request)).toMatchObject({ base: 'moved' });
    expect(existsSync(canary)).toBe(false);
  });
});

it('leaves no scratch behind', async () => {
  const { job } = await planted(() => {});
  mkdirSync(join(job.directory, 'scratch'), { recursive: true });
  await job.hands.keepTree({
    taskId: 'tsk_one',
    repositoryId: job.repositoryId,
    turn: 1,
    base: job.base,
    message: 'Turn',
  });
  expect(readdirSync(join(job.directory, 'scratch'))).toEqual([]);
});
