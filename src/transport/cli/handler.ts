import type { Command } from 'commander';
import type { Called } from './generated-verbs.ts';
import type { Surroundings } from './verbs/run.ts';

/** What every verb starts from; its options may be typed before or after the verb. */
export interface Start extends Called, Surroundings {
  directory: string;
}

/** Answers the exit code. `places`: what was typed by its place. */
export type Handler = (start: Start, command: Command, places: string[]) => Promise<number>;

/**
 * `usage`: the path with its places, e.g. `logs <what>`. `start`: whether the verb starts a server when there is none.
 * `implied`: whether its last word may be left out.
 */
export type AddVerb = (
  usage: string,
  summary: string,
  options: { start: boolean; examples: string[]; implied?: boolean },
  handle: Handler,
) => Command;
