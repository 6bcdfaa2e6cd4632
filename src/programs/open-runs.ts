import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock, systemRandom } from '../kernel/adapters/system.ts';
import { messageOf } from '../kernel/errors.ts';
import type { Workflow } from '../machines/workflow/index.ts';
import { isEndedWorkflow, World } from '../processes/index.ts';
import { bundleMirror, unbundleMirror } from '../runtime/worktrees/adapters/bundle.ts';
import { simpleGitAdapter } from '../runtime/worktrees/adapters/git.ts';
import { openMirror } from '../runtime/worktrees/adapters/mirror.ts';
import type { Hands } from '../runtime/worktrees/hands.ts';
import type { CarriedFile } from '../store/export-format.ts';
import { createUpcaster, UPCASTS } from '../store/upcasters/index.ts';
import type { LogSource } from './log-source.ts';

/**
 * Runs that have not ended when their workspace moves. What they have merged and kept lies in the mirror of their
 * repository only, so it goes along, as a bundle; the mirror is made anew from the user's repository, where that is.
 */
export interface Stranded {
  workflowId: string;
  /** Why the run cannot go on here. */
  reason: string;
}

/** The log, and what of it is still open once it has been read to its end. */
export function watchingRuns(log: LogSource): { log: LogSource; runs: () => Workflow[] } {
  const world = new World();
  const upcast = createUpcaster(UPCASTS);
  const readAll = async function* () {
    for await (const event of log.readAll()) {
      world.apply(upcast(event));
      yield event;
    }
  };
  const isOpen = (workflow: Parameters<typeof isEndedWorkflow>[0]) => !isEndedWorkflow(workflow);
  return { log: { readAll }, runs: () => [...world.workflows.values()].filter(isOpen).map(({ context }) => context) };
}

/** A bundle for each repository in which a run is open. */
export async function* bundlesOf(directory: string, runs: readonly Workflow[]): AsyncGenerator<CarriedFile> {
  const hands = handsOf(directory);
  for (const [repositoryId, mine] of byRepository(runs)) {
    const bases = mine.map(({ repository }) => repository.baseCommit);
    const bytes = await bundleMirror(hands, repositoryId, bases);
    if (bytes) yield { path: `repos/${repositoryId}.bundle`, bytes };
  }
}

/** Makes the mirrors of open runs from the user's repositories and the bundles. Answers which runs cannot go on. */
export async function reopenRuns(directory: string, log: LogSource): Promise<Stranded[]> {
  const watched = watchingRuns(log);
  for await (const _event of watched.log.readAll());
  const hands = handsOf(directory);
  const stranded: Stranded[] = [];
  for (const [repositoryId, mine] of byRepository(watched.runs())) {
    try {
      for (const { repository, runBranch } of mine)
        await openMirror(hands)({ repositoryId, path: repository.path, commit: repository.baseCommit, runBranch });
      const bundle = join(directory, 'repos', `${repositoryId}.bundle`);
      if (existsSync(bundle)) await unbundleMirror(hands, repositoryId, bundle);
      await rm(bundle, { force: true });
    } catch (error) {
      const reason = `${mine[0]?.repository.path}: ${messageOf(error)}`;
      stranded.push(...mine.map(({ workflowId }) => ({ workflowId, reason })));
    }
  }
  return stranded;
}

function byRepository(runs: readonly Workflow[]): Map<string, Workflow[]> {
  return Map.groupBy(runs, ({ repository }) => repository.repositoryId);
}

function handsOf(directory: string): Hands {
  const environment = process.env;
  return {
    ...{ directory, clock: systemClock, random: systemRandom, environment },
    git: simpleGitAdapter({ clock: systemClock, environment }),
    log: { warn() {} },
    redact: (text) => text,
  };
}
