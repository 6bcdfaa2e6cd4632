import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { createActorHost } from '../../src/actors/actor-host.ts';
import { createCommandBus, processPrincipal } from '../../src/commands/index.ts';
import { systemClock as clock, systemRandom as random } from '../../src/kernel/adapters/system.ts';
import { HephError, isFailure } from '../../src/kernel/errors.ts';
import { createIds } from '../../src/kernel/ids.ts';
import { silentLog as log } from '../../src/kernel/log.ts';
import { createRedactor } from '../../src/kernel/redact.ts';
import { runTrainOf } from '../../src/machines/merge-train/index.ts';
import { definitionSchema, type Workflow } from '../../src/machines/workflow/index.ts';
import { createProcessHost, merging } from '../../src/processes/index.ts';
import { programFile } from '../../src/programs/installation.ts';
import { openLocalRunner } from '../../src/programs/local-runner.ts';
import { openFileBlobs } from '../../src/store/adapters/file-blobs.ts';
import { openSqliteStore } from '../../src/store/adapters/sqlite.ts';

export interface Train {
  /** Starts the processes and resolves when all of the line has landed. */
  land(): Promise<void>;
  close(): Promise<void>;
}

/** A run whose merge train has these commits in its line: the real log, actors, runner and merging, and nothing else. */
export async function openTrain(parts: {
  directory: string;
  path: string;
  check: string | null;
  branches: readonly string[];
}): Promise<Train> {
  const { directory, path, check, branches } = parts;
  const redactor = createRedactor({ values: [] });
  const store = await openSqliteStore({
    ...{ directory, clock, random, reserveBytes: 0, writerThread: programFile('log-writer') },
  });
  const runner = await openLocalRunner({
    ...{ dataDirectory: directory, runnerId: 'local', log, redactor },
    secrets: () => [],
  });
  const { repositoryId, baseBranch, baseCommit } = await runner.inspectRepository({ path });
  const runBranch = 'heph/run-1';
  await runner.openRun({ repositoryId, path, commit: baseCommit, runBranch });
  const mirror = join(directory, 'repos', `${repositoryId}.git`);
  execFileSync('git', ['fetch', '--quiet', path, '+refs/heads/*:refs/heph/turns/*'], { cwd: mirror });
  const host = await createActorHost({ store, clock, log });
  const bus = createCommandBus({
    ...{ host, ids: createIds(clock, random), preparations: {}, redact: (value) => redactor.redactJson(value) },
    resolveId: async (_kind, id) => id,
  });
  const dispatch = async (kind: string, actorId: string, name: string, input: unknown) => {
    const commandId = `cmd_${actorId}_${name}`;
    const answer = await host.dispatch({ kind, actorId, name, v: 1, input, commandId, principal: 'server' });
    if (isFailure(answer)) throw HephError.of(answer);
  };
  const workflowId = 'wfl_01k0000000000000000000bench';
  const repository = { repositoryId, path, baseBranch, baseCommit };
  await dispatch('workflow', workflowId, 'start_workflow', {
    ...{ workflowId, definition: DEFINITION, definitionHash: '0', goal: 'Green', params: {}, repository, runBranch },
    ...{ agent: 'repair', check, merge: true, startedBy: 'operator' },
  });
  const { context } = await host.read<Workflow>('workflow', workflowId);
  const train = runTrainOf(context);
  const { trainId } = train;
  for (const [n, commit] of branches.entries()) {
    const candidate = { candidateId: `cnd_${n}`, workflowId, taskId: null, attempt: 1, commit, message: `Merge ${n}` };
    const principal = processPrincipal('bench');
    const answer = await bus.execute({ name: 'queue_candidate', input: { trainId, train, candidate }, principal });
    if (isFailure(answer)) throw HephError.of(answer);
  }
  const blobs = openFileBlobs(directory);
  const processes = createProcessHost({ store, bus, runner, blobs, clock, log, processes: [merging] });
  return {
    async land() {
      await processes.start();
      let landed = 0;
      for await (const item of store.subscribe()) {
        if (item.kind !== 'events') continue;
        for (const { type, data } of item.events) {
          if (type === 'CandidateRefused') throw new Error(`${String(data.candidateId)}: ${String(data.reason)}`);
          if (type === 'CandidateLanded') landed++;
        }
        if (landed === branches.length) return;
      }
    },
    async close() {
      await processes.stop(1000);
      await runner.close();
      await store.close();
    },
  };
}

const DEFINITION = definitionSchema.parse({
  name: 'bugfix',
  title: 'Bug fix',
  phases: [{ name: 'fix', goal: 'Green', role: 'fix' }],
});
