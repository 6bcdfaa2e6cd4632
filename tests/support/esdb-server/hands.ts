import type { FaultPlan } from './faults.ts';
import type { ServerGroups } from './groups.ts';
import type { EsdbLog } from './log.ts';
import type { Stubs } from './stubs.ts';

/** What every call of the server works with. */
export interface Hands {
  stubs: Stubs;
  log: EsdbLog;
  groups: ServerGroups;
  faults: FaultPlan;
  /** Cuts every connection. */
  cut(): void;
}
