/**
 * A process of the simulated machine: a server or an agent. What was on its way to one that has died never arrives; what
 * comes for one that is paused waits until it goes on.
 */
export interface Life {
  readonly name: string;
  readonly state: 'alive' | 'asleep' | 'dead';
  /** Does it now, when it wakes, or never. */
  run(what: () => void): void;
  /** The value when it comes while the process lives; of a dead one nobody hears again. */
  hears<T>(promise: Promise<T>): Promise<T>;
  sleep(): void;
  wake(): void;
  die(): void;
  onDeath(what: () => void): void;
}

export function createLife(name: string): Life {
  let state: Life['state'] = 'alive';
  let held: (() => void)[] = [];
  const mourners: (() => void)[] = [];
  const run = (what: () => void) => {
    if (state === 'alive') what();
    else if (state === 'asleep') held.push(what);
  };
  return {
    name,
    get state() {
      return state;
    },
    run,
    hears: (promise) =>
      new Promise((resolve, reject) => {
        promise.then(
          (value) => run(() => resolve(value)),
          (error: unknown) => run(() => reject(error)),
        );
      }),
    sleep() {
      if (state === 'alive') state = 'asleep';
    },
    wake() {
      if (state !== 'asleep') return;
      state = 'alive';
      for (const what of held.splice(0)) run(what);
    },
    die() {
      if (state === 'dead') return;
      state = 'dead';
      held = [];
      for (const what of mourners.splice(0)) what();
    },
    onDeath(what) {
      if (state === 'dead') what();
      else mourners.push(what);
    },
  };
}
