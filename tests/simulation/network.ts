import type { Accepted } from '../../src/commands/index.ts';
import { type Failure, HephError, isFailure, messageOf } from '../../src/kernel/errors.ts';
import type { Chance } from './chance.ts';
import type { Loop } from './loop.ts';
import type { Options } from './options.ts';
import type { Server } from './server.ts';

/**
 * The way from a client to whichever server lives: slow, forgetful and repetitive. A client gets an answer in the end,
 * because it asks again under the same key.
 */
export type Call = (
  token: string,
  name: string,
  input: Record<string, unknown>,
  how: { key: string; alive: (ms: number) => Promise<void> },
) => Promise<Accepted | Failure>;

export interface Network {
  call: Call;
  query(token: string, name: string, input: Record<string, unknown>): Promise<Record<string, unknown> | Failure>;
  /** What clients were told had happened. */
  readonly told: readonly { name: string; answer: Accepted }[];
  /** What no client may ever be told. */
  readonly wrong: readonly string[];
  calm(): void;
}

const ANSWER_MS = 45_000;
const LOST = Symbol('no answer');

export function createNetwork(parts: {
  loop: Loop;
  chance: Chance;
  options: Options;
  /** The server that takes requests now. */
  server: () => Server | null;
}): Network {
  const { loop, chance, options } = parts;
  const told: { name: string; answer: Accepted }[] = [];
  const wrong: string[] = [];
  let calm = false;

  /** One request and its answer, if both arrive. */
  function exchange<T>(name: string, ask: (server: Server) => Promise<T>): Promise<T | Failure | typeof LOST> {
    const server = parts.server();
    if (!server) return Promise.resolve(LOST);
    return new Promise((resolve) => {
      const answered = (answer: T | Failure) => {
        if (!calm && chance.hit(options.answerLossRate)) return;
        loop.after(chance.int(0, 5), () => resolve(answer));
      };
      const arrive = () =>
        void ask(server).then(answered, (error: unknown) => {
          if (error instanceof HephError && error.kind !== 'defect') answered(error);
          else wrong.push(`I11 ${name} crashed: ${messageOf(error)}`);
        });
      loop.after(chance.int(0, 5), arrive, server.life);
      if (!calm && chance.hit(options.duplicateRate)) loop.after(chance.int(0, 400), arrive, server.life);
      server.life.onDeath(() => loop.after(1, () => resolve(LOST)));
      loop.after(ANSWER_MS, () => resolve(LOST));
    });
  }

  const isPassing = (answer: Failure) => answer.kind === 'fault' || answer.kind === 'conflict';

  const call: Call = async (token, name, input, { key, alive }) => {
    for (;;) {
      const answer = await exchange(name, (server) => server.command(token, name, input, key));
      if (answer === LOST) await alive(chance.int(50, 1500));
      else if (isFailure(answer)) {
        if (!isPassing(answer)) return answer;
        await alive(chance.int(100, 1500));
      } else {
        told.push({ name, answer });
        return answer;
      }
    }
  };

  return {
    call,
    told,
    wrong,
    async query(token, name, input) {
      for (;;) {
        const answer = await exchange(name, (server) => server.query(token, name, input));
        if (answer !== LOST && !(isFailure(answer) && isPassing(answer))) return answer;
        await loop.pause(chance.int(50, 1500));
      }
    },
    calm: () => void (calm = true),
  };
}
