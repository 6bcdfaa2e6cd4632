import { logTools } from '../../src/programs/log-tools.ts';

/** An event as an export carries it. */
export interface Exported {
  id: string;
  stream: string;
  revision: number;
  position: string;
  type: string;
  data: Record<string, unknown>;
  meta: {
    scope?: { workflowId?: string; taskId?: string; agentId?: string };
    command?: { id: string; name: string; input: unknown };
  };
}

/** The whole log of a data directory, read from its files without any server's help. */
export async function eventsIn(data: string): Promise<Exported[]> {
  const events: Exported[] = [];
  await logTools.export({ directory: data, store: 'sqlite' }, (line) => {
    const value = JSON.parse(line) as Record<string, unknown>;
    if ('stream' in value) events.push(value as unknown as Exported);
  });
  return events;
}

/** What is wrong with the log's files, or nothing: the hash chain is walked from the first event to the anchored head. */
export async function damageIn(data: string): Promise<string[]> {
  const { ok, damage } = await logTools.verify({ directory: data, store: 'sqlite' });
  return ok ? [] : [`the log is damaged at ${damage?.position}: ${damage?.reason}`];
}
