import { PassThrough } from 'node:stream';
import { systemClock } from '../../src/kernel/adapters/system.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import type { Programs, World } from '../../src/transport/cli/index.ts';

export interface CliWorld {
  world: World;
  /** What was printed so far. */
  out(): string;
  err(): string;
  /** The lines of stdout as JSON. */
  records(): Record<string, unknown>[];
  /** Sends the signal to whoever listens now. */
  signal(name: 'SIGINT' | 'SIGTERM'): void;
}

/** A world whose output is kept, and in which nothing can be started. */
export function cliWorld(
  options: { env?: Record<string, string>; home?: string; programs?: Partial<Programs>; clock?: Clock } = {},
): CliWorld {
  const printed = { out: '', err: '' };
  const listeners = { SIGINT: new Set<() => void>(), SIGTERM: new Set<() => void>() };
  let keys = 0;
  const sink = (name: 'out' | 'err') => ({
    write(data: string | Uint8Array, done?: () => void) {
      printed[name] += typeof data === 'string' ? data : Buffer.from(data).toString('latin1');
      done?.();
    },
  });
  const never = () => Promise.reject(new Error('nothing may be started here'));
  const world: World = {
    env: options.env ?? {},
    cwd: '/',
    home: options.home ?? '/nowhere',
    stdin: new PassThrough(),
    stdout: sink('out'),
    stderr: sink('err'),
    clock: options.clock ?? systemClock,
    newKey: () => `key-${keys++}`,
    onSignal(name, handle) {
      listeners[name].add(handle);
      return () => void listeners[name].delete(handle);
    },
    programs: {
      cliArgv: ['/nowhere/node'],
      home: '/nowhere',
      startServer: never,
      preparePage: async () => {},
      log: never,
      backups: never,
      checks: never,
      builtInAgents: async () => ({}),
      ...options.programs,
    },
  };
  return {
    world,
    out: () => printed.out,
    err: () => printed.err,
    records: () =>
      printed.out
        .trimEnd()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    signal: (name) => listeners[name].forEach((handle) => handle()),
  };
}
