import type { Accepted } from '../actors/dispatch.ts';
import type { Clock } from '../kernel/clock.ts';
import { type Failure, Fault, HephError, isFailure } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import type { Runner } from '../runtime/runner.ts';
import type { BlobStore } from '../store/blob-store.ts';
import type { Entity } from './entity.ts';
import type { World } from './world.ts';

/**
 * A process follows: it looks at what was requested or follows and has no recorded outcome yet, its open obligations,
 * and discharges them. Think of a night porter with the guest book: whatever the book says was asked for and not yet
 * done, he goes and looks, does it if it is not done already, and writes that down. If he is replaced in the middle of
 * the night, the next one reads the same book.
 *
 * So an obligation is a function of the log, `act` probes before it acts, and reports by a command. A crash between the
 * effect and its fact leaves the obligation open, and the probe finds the effect.
 */
export interface Obligation {
  /** Stable for one occurrence: `assign:agt_…`. Keys of commands are derived from it. */
  key: string;
  /** Not before this moment (epoch ms). */
  notBefore?: number;
  act(hands: Hands): Promise<void>;
  /** When acting failed `attemptsMax` times, or for a reason that repeating does not mend: what is recorded then. */
  giveUp?(hands: Hands, error: HephError): Promise<void>;
  /** Whom it is done for, when that is not the entity that owes it: commands take their cause and correlation from it. */
  cause?: Pick<Entity, 'id' | 'last'>;
  attemptsMax?: number;
  /** It costs the machine next to nothing, mostly a command alone: it waits for no other and is not counted among those worked on at once. */
  light?: boolean;
}

export interface Process {
  /** The story’s name; its principal is `process:<name>`. */
  name: string;
  /** How many obligations are worked on at once, but for the light ones. */
  concurrency(world: World): number;
  /** The open obligations of one entity; pure. */
  obligations(entity: Entity, world: World, now: number): Obligation[];
}

/** A command that is to be sent. */
export type Said = [name: string, input: Record<string, unknown>];

/** What an obligation may do. */
export interface Hands {
  world: World;
  runner: Runner;
  blobs: BlobStore;
  clock: Clock;
  log: Log;
  /** Sends a command in this process’s name; repeated by the same obligation it happens once. `which` tells apart several of one name. */
  send(name: string, input: Record<string, unknown>, which?: string): Promise<Accepted | Failure>;
  /**
   * Sends commands that lead up to an effect, each as soon as the one before it was accepted, so that they share a flush;
   * after a refusal no further one. Resolves when all are on the disk. One may get there although the one before it did
   * not, so the effect has to ask for all of them.
   */
  sendInTurn(...commands: Said[]): Promise<(Accepted | Failure)[]>;
}

/** The answer of a command that is expected to be accepted or to be out of date; anything else is thrown. */
export async function settled(answer: Promise<Accepted | Failure>): Promise<Accepted | null> {
  const given = await answer;
  if (!isFailure(given)) return given;
  if (given.kind === 'rejected') return null;
  throw HephError.of(given);
}

/** Whether trying the same again may help. */
export function mayHelpToRetry(error: unknown): boolean {
  if (error instanceof Fault) return error.retryable;
  return !(error instanceof HephError) || error.kind === 'conflict';
}
