import { Fault } from '../../../kernel/errors.ts';

/** Lets a few in at a time, in the order in which they came. */
export interface Gate {
  /** Throws Fault `log.busy` when too many wait. */
  pass<T>(action: () => Promise<T>): Promise<T>;
}

export function createGate({ insideMax, waitingMax }: { insideMax: number; waitingMax: number }): Gate {
  const waiting: (() => void)[] = [];
  let inside = 0;
  return {
    async pass(action) {
      if (waiting.length >= waitingMax) throw new Fault('log.busy', `${waitingMax} appends wait already`);
      if (inside < insideMax) inside++;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await action();
      } finally {
        // Whoever comes next takes this place; nobody who comes later can slip in between.
        const next = waiting.shift();
        if (next) next();
        else inside--;
      }
    },
  };
}
