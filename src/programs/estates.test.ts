import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock, systemRandom } from '../kernel/adapters/system.ts';
import { silentLog } from '../kernel/log.ts';
import { createRedactor } from '../kernel/redact.ts';
import type { Estate, RunnerPlace } from '../runtime/estates.ts';
import { git, scratch, userRepository, write } from '../runtime/worktrees/adapters/test-support.ts';
import { openDataDirectory } from '../store/adapters/data-directory.ts';
import { openFileBlobs } from '../store/adapters/file-blobs.ts';
import { openEstates } from './estates.ts';
import { type LocalRunner, openLocalRunner } from './local-runner.ts';

const RUN = '01m7wkg6z94gr25w8hehhfgv68';
const [HANDED_IN, UNSAID, OTHERS] = [`tsk_${RUN}`, `tsk_${RUN.slice(0, 25)}0`, 'tsk_01m7wkg6z94gr25w8hehhfgv00'];
const runBranch = `heph/run-${RUN}`;

async function runnerAt(directory: string, runnerId: string): Promise<LocalRunner> {
  const redactor = createRedactor({ values: [] });
  const options = { dataDirectory: directory, runnerId, log: silentLog, redactor, secrets: () => [] };
  const runner = await openLocalRunner(options);
  onTestFinished(() => runner.close());
  return runner;
}

/** A data directory that says whose it is. */
function directoryOf(runnerId: string): string {
  const { path } = openDataDirectory(join(scratch(), 'data'), { clock: systemClock, random: systemRandom });
  writeFileSync(join(path, 'store.json'), JSON.stringify({ runnerId }), { mode: 0o600 });
  return path;
}

async function standing() {
  const [theirs, mine] = [directoryOf('rnr_a'), directoryOf('rnr_b')];
  const runner = await runnerAt(mine, 'rnr_b');
  const blobs = openFileBlobs(mine);
  const estates = openEstates({ ours: { runner, blobs }, openRunner: runnerAt, clock: systemClock, log: silentLog });
  const place: RunnerPlace = { runnerId: 'rnr_a', host: hostname(), dataDirectory: theirs };
  return { theirs, mine, runner, blobs, estates, place };
}

async function opened({ estates, place }: Awaited<ReturnType<typeof standing>>): Promise<Estate> {
  const found = await estates.open(place);
  if (found.outcome !== 'open') throw new Error(found.reason);
  return found.estate;
}

/** What a server leaves that is killed: a run with work that was handed in, and with work of which nobody has spoken. */
async function leftBy(directory: string) {
  const runner = await runnerAt(directory, 'rnr_a');
  const user = userRepository();
  const { repositoryId, baseCommit } = await runner.inspectRepository({ path: user.path });
  for (const branch of [runBranch, 'heph/run-another'])
    await runner.openRun({ repositoryId, path: user.path, commit: baseCommit, runBranch: branch });
  for (const taskId of [HANDED_IN, UNSAID, OTHERS]) {
    const request = { taskId, repositoryId, branch: `heph/${taskId}`, commit: baseCommit };
    const { path } = await runner.prepareWorktree(request);
    write(path, { 'a.txt': `by ${taskId}\n` });
  }
  const hash = await openFileBlobs(directory).put('what a check said');
  await runner.close();
  return { repositoryId, baseCommit, hash };
}

describe('the estate of another runner on this machine', () => {
  it('gives the refs of a run, the work that was handed in, rescued work and blobs, and nothing of another run', async () => {
    const given = await standing();
    const { repositoryId, baseCommit, hash } = await leftBy(given.theirs);
    const estate = await opened(given);
    const turn = { turn: 2, base: baseCommit, message: 'Handed in' };
    const run = {
      ...{ workflowId: `wfl_${RUN}`, repositoryId, baseCommit, blobs: [hash, 'f'.repeat(64)] },
      tasks: [
        { taskId: HANDED_IN, handedIn: turn },
        { taskId: UNSAID, handedIn: null },
      ],
    };
    const { rescued } = await estate.bringRun(run);
    expect(rescued).toEqual([{ taskId: UNSAID, ref: expect.stringContaining(`refs/heph/rescue/${UNSAID}/`) }]);
    expect((await estate.bringRun(run)).rescued).toEqual([]);
    await estate.close();

    const mirror = join(given.mine, 'repos', `${repositoryId}.git`);
    const show = (ref: string) => git(mirror, 'show', `${ref}:a.txt`);
    expect(await given.runner.readBranch({ repositoryId, branch: runBranch })).toBe(baseCommit);
    expect(await given.runner.readBranch({ repositoryId, branch: 'heph/run-another' })).toBeNull();
    const kept = await given.runner.keepTree({ taskId: HANDED_IN, repositoryId, ...turn });
    expect(show(kept.commit as string)).toBe(`by ${HANDED_IN}`);
    expect(show(rescued[0]?.ref as string)).toBe(`by ${UNSAID}`);
    expect(Buffer.from(await given.blobs.get(hash)).toString()).toBe('what a check said');
    expect(git(mirror, 'for-each-ref', `refs/heph/**/${OTHERS}*`, `refs/heads/heph/${OTHERS}`)).toBe('');
    const left = [HANDED_IN, UNSAID, OTHERS].filter((id) => existsSync(join(given.theirs, 'worktrees', id)));
    expect(left).toEqual([OTHERS]);
  });

  it('is one taker’s at a time, and its own server’s while that lives', async () => {
    const given = await standing();
    const estate = await opened(given);
    expect(await given.estates.open(given.place)).toMatchObject({ outcome: 'held' });
    expect(JSON.parse(readFileSync(join(given.theirs, 'owner.json'), 'utf8'))).toMatchObject({ takesOver: true });
    await estate.close();
    expect(existsSync(join(given.theirs, 'owner.json'))).toBe(false);
    await (await opened(given)).close();
  });

  it('is out of reach on another machine, under another name, or where others could have written', async () => {
    const { estates, place, theirs } = await standing();
    const why = async (more: Partial<RunnerPlace>) => {
      const found = await estates.open({ ...place, ...more });
      return found.outcome === 'elsewhere' ? found.reason : found.outcome;
    };
    expect(await why({ host: 'another' })).toBe('Its files are on another.');
    expect(await why({ dataDirectory: join(theirs, 'none') })).toContain('there is no');
    expect(await why({ runnerId: 'rnr_c' })).toContain('is another runner’s');
    chmodSync(theirs, 0o755);
    expect(await why({})).toContain('others can reach');
  });

  it('leaves a mirror alone that is a link to somewhere else', async () => {
    const given = await standing();
    const { repositoryId, baseCommit } = await leftBy(given.theirs);
    const strange = { workflowId: `wfl_${RUN}`, repositoryId: 'rep_link', baseCommit, tasks: [], blobs: [] };
    symlinkSync(join(given.theirs, 'repos', `${repositoryId}.git`), join(given.theirs, 'repos', 'rep_link.git'));
    const estate = await opened(given);
    await expect(estate.bringRun(strange)).rejects.toMatchObject({ code: 'repository.unsafe_path' });
    expect(existsSync(join(given.mine, 'repos', 'rep_link.git'))).toBe(false);
    await estate.close();
  });
});
