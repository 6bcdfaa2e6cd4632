import type { z } from 'zod';
import type { Clock } from '../kernel/clock.ts';
import { denied, type Failure } from '../kernel/errors.ts';
import type { Finding } from '../kernel/findings.ts';
import type { Principal, Role } from '../kernel/principal.ts';
import type { IdIndex } from '../kernel/resolve-id.ts';
import type { ProjectionHost } from '../projections/index.ts';
import type { DefinitionLoader } from '../runtime/definitions/definition-loader.ts';
import type { Runner } from '../runtime/runner.ts';
import type { BlobStore } from '../store/blob-store.ts';
import type { EventStore } from '../store/event-store.ts';

/**
 * One definition per query. From it come the REST route, the OpenAPI entry, the MCP tool, the CLI verb and the
 * documentation; nobody writes any of them a second time.
 */
export interface QueryDefinition<S extends z.ZodType = z.ZodType> {
  v: number;
  /** A sentence for people: what is answered. */
  summary: string;
  schema: S;
  /** Who may ask; `server` is always allowed. */
  roles: readonly Role[];
  /** The CLI verb with its positional inputs: `get task <taskId>`. Absent: not a verb of its own. */
  cli?: string;
  /** Offered to agents as an MCP tool. */
  tool?: boolean;
  /** One line that works, for `--help` and the documentation. */
  example?: string;
  /** The answer as JSON, or a failure as a value. Faults and Invalid of the ports below are thrown. */
  run(input: z.infer<S>, context: QueryContext): Promise<Record<string, unknown> | Failure>;
}

export type QueryTable = Record<string, QueryDefinition>;

/** Types an entry by its own schema. */
export function query<S extends z.ZodType>(definition: QueryDefinition<S>): QueryDefinition<S> {
  return definition;
}

export interface QueryContext {
  principal: Principal;
  views: ProjectionHost;
  store: EventStore;
  ids: IdIndex;
  definitions: DefinitionLoader;
  transcripts: Pick<Runner, 'id' | 'readTerminal' | 'listAgents'>;
  /** Agents’ work, where this server has it. */
  work: Pick<Runner, 'id' | 'readDiff'>;
  blobs: Pick<BlobStore, 'get'>;
  health(): Promise<ServerHealth>;
  /** What of the server’s machine a run needs, and what is missing. */
  diagnose(): Promise<Finding[]>;
  clock: Clock;
  /** Aborts when nobody waits for the answer any more. */
  signal?: AbortSignal;
}

/** What the server knows of itself; `unknown` is what nobody has measured. */
export interface ServerHealth {
  version: string;
  /** Of Node. */
  nodeVersion: string;
  pid: number;
  startedAt: number;
  dataDirectory: string;
  /** What the log’s own files take; null where it is in an event store of others. */
  logBytes: number | null;
  checks: HealthCheck[];
}

export interface HealthCheck {
  name: string;
  status: 'ok' | 'degraded' | 'failed' | 'unknown';
  detail: string;
}

export const EVERYONE: readonly Role[] = ['operator', 'viewer', 'worker'];
export const PEOPLE: readonly Role[] = ['operator', 'viewer'];

/** The workflow that an answer is limited to: a worker sees its own, others what they ask for. */
export function visibleWorkflow(asked: string | undefined, { principal }: QueryContext): string | undefined | Failure {
  if (principal.role !== 'worker') return asked;
  const own = principal.agent?.workflowId;
  if (own === undefined) return denied('auth.not_yours', 'This agent belongs to no workflow.');
  if (asked !== undefined && asked !== own)
    return denied('auth.not_yours', 'An agent sees its own workflow only.', { workflowId: own });
  return own;
}
