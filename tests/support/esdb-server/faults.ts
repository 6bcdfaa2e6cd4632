import { type ServiceError, status } from '@grpc/grpc-js';
import { Metadata } from '@grpc/grpc-js';

/** What may go wrong with one call, planned by a test before the call comes. */
export type Fault =
  /** Answers this error and does nothing. `exception` is the name by which the clients know it. */
  | { kind: 'error'; code?: status; exception?: string; trailers?: Record<string, string> }
  /** Does nothing and never answers. */
  | { kind: 'stall' }
  /** Does it and never answers. */
  | { kind: 'stall_after' }
  /** Cuts every connection, before or after it was done. */
  | { kind: 'drop' }
  | { kind: 'drop_after' };

/** `group`: any call about a persistent subscription; `consume`: the consuming of one. */
export type Method = 'append' | 'read' | 'subscribe' | 'delete' | 'group' | 'consume';

/** The faults still to come, in order, per method; each strikes once. */
export interface FaultPlan {
  plan(method: Method, ...faults: Fault[]): void;
  next(method: Method): Fault | undefined;
  /** How many have struck. */
  struck(): number;
}

export function createFaultPlan(): FaultPlan {
  const planned = new Map<Method, Fault[]>();
  let count = 0;
  return {
    plan(method, ...faults) {
      planned.set(method, [...(planned.get(method) ?? []), ...faults]);
    },
    next(method) {
      const fault = planned.get(method)?.shift();
      if (fault) count++;
      return fault;
    },
    struck: () => count,
  };
}

/** A status with the trailers from which the clients make their typed errors. */
export function wireError(exception: string | undefined, trailers: Record<string, string> = {}, code?: status) {
  const metadata = new Metadata();
  if (exception) metadata.set('exception', exception);
  for (const [name, value] of Object.entries(trailers)) metadata.set(name, value);
  const details = exception ?? 'planned by the test';
  const error: Partial<ServiceError> = { code: code ?? status.FAILED_PRECONDITION, details, metadata };
  return Object.assign(new Error(details), error);
}
