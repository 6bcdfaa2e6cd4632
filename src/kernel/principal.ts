/** Who may do what: `operator` a person with the operator’s token, `viewer` one who only looks, `worker` an agent, `server` the system itself. */
export type Role = 'operator' | 'viewer' | 'worker' | 'server';

/** The one who asks, as the token says; never what the request says of itself. */
export interface Principal {
  role: Role;
  /** As it stands in the log: `operator`, `agent:<id>`, `process:<story>`, `server`. */
  id: string;
  /** What a worker was started for. */
  agent?: { agentId: string; taskId: string; workflowId: string; allowedTools: readonly string[] };
}
