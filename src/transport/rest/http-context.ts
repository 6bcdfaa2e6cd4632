import type { CommandBus, TokenIndex } from '../../commands/index.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Log } from '../../kernel/log.ts';
import type { Random } from '../../kernel/random.ts';
import type { Live } from '../../queries/index.ts';
import type { Queries } from '../queries-port.ts';
import type { Tickets } from '../ws/index.ts';
import type { Gate } from './gate.ts';
import type { Metrics } from './metrics.ts';
import type { PageFiles } from './page-files.ts';
import type { KeptSessions, Sessions } from './sessions.ts';

/** How the server is, as far as it was looked at; what was not measured is not in it. */
export interface Health {
  /** Whether commands are taken and reads answered. */
  ready: boolean;
  /** Why not, or what is not as it should be, a sentence each. */
  problems: string[];
  [measured: string]: unknown;
}

/** What the server is made of. */
export interface HttpServerParts {
  bus: CommandBus;
  queries: Queries;
  /** What `/api/stream` tells of. Absent: nobody can follow anything. */
  live?: Live;
  tokens: TokenIndex;
  clock: Clock;
  random: Random;
  log: Log;
  /** Of the product. */
  version: string;
  health: () => Promise<Health>;
  metrics: Metrics;
  /** Where an operator's keystrokes go. Absent: nobody can type into an agent's terminal. */
  terminals?: { writeTerminal(request: { agentId: string; data: string }): Promise<unknown> };
  /** Told of each socket for as long as it is open. */
  during?: (open: () => Promise<void>) => unknown;
  /** The built page. Absent: none is served, and `/` says so. */
  page?: PageFiles;
  /** Where sessions outlive the server. Absent: they end with it. */
  keptSessions?: KeptSessions;
  /** How often one agent may ask. */
  rate?: { perSecond: number; burst: number };
}

/** What the routes share. */
export interface HttpContext extends HttpServerParts {
  gate(): Gate;
  sessions(): Sessions;
  tickets: Tickets;
  /** Aborts when the server closes. */
  closing: AbortSignal;
}
