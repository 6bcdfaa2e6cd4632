import type { z } from 'zod';
import type { Principal, Role } from '../commands/index.ts';
import type { Failure } from '../kernel/errors.ts';

/** The way out as the wire sees it: what may be asked, and the one function that answers. */
export interface QueryEntry {
  v: number;
  /** What the answer tells, in a sentence. */
  summary: string;
  schema: z.ZodType;
  roles: readonly Role[];
  cli?: string;
  /** Offered to agents as an MCP tool, in every phase. */
  tool?: boolean;
  example?: string;
}

export interface Queries {
  /** By name on the wire. */
  table: ReadonlyMap<string, QueryEntry>;
  /**
   * Parses, authorises and answers with a JSON-ready value. An unknown name is Invalid `query.unknown`. `signal` aborts
   * when nobody waits for the answer any more.
   */
  run(name: string, input: unknown, principal: Principal, signal: AbortSignal): Promise<unknown | Failure>;
}
