import { agent } from './agent.ts';
import { bestOfN } from './best-of-n.ts';
import { checkRun } from './check-run.ts';
import { config } from './config.ts';
import { fleet } from './fleet.ts';
import { guardian } from './guardian.ts';
import { inbox } from './inbox.ts';
import { mergeTrain } from './merge-train.ts';
import type { Move, Moves } from './move.ts';
import { pruning } from './pruning.ts';
import { runner } from './runner.ts';
import { task } from './task.ts';
import { workflow } from './workflow.ts';

export type { Move };

/** By kind of actor. */
export const MOVES: Record<string, Moves> = {
  pruning,
  config,
  workflow,
  task,
  agent,
  fleet,
  mergeTrain,
  runner,
  checkRun,
  bestOfN,
  guardian,
  inbox,
};
