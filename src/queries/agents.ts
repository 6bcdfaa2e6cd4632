import { z } from 'zod';
import { type Failure, HephError, invalid, isFailure, messageOf } from '../kernel/errors.ts';
import type { View } from '../projections/index.ts';
import type { AgentProbe, Runner, TerminalChunk } from '../runtime/runner.ts';
import { EVERYONE, PEOPLE, query, type QueryContext, visibleWorkflow } from './define-queries.ts';
import { fields, withWholeIds, workflowOf } from './fields.ts';

type Row = View['rows'][string];

export const getAgentStatus = query({
  v: 1,
  summary: 'Agents with status, the event it rests on and its age, beside what their processes are found to be now.',
  schema: z.strictObject({ agentId: fields.agentId.optional(), workflowId: fields.workflowId.optional() }),
  roles: EVERYONE,
  tool: true,
  cli: 'fleet',
  example: 'heph fleet',
  async run(input, context) {
    const asked = await withWholeIds(input, context);
    if (isFailure(asked)) return asked;
    const workflowId = await workflowAsked(asked, context);
    if (isFailure(workflowId)) return workflowId;
    const [view, processes] = await Promise.all([
      context.views.view('fleet', workflowId === undefined ? {} : { workflowId }),
      probeAll(context),
    ]);
    const rows = Object.values(view.rows).filter((row) => asked.agentId === undefined || row.agentId === asked.agentId);
    const agents: Row[] = rows.map((row) => ({ ...row, process: processOf(row, processes, context) }));
    return { agents, summary: view.summary, position: view.position, asOf: view.asOf };
  },
});

export const getTranscript = query({
  v: 1,
  summary: 'An agent’s terminal, raw bytes in base64 from a cursor on; ended says that nothing follows.',
  schema: z.strictObject({
    agentId: fields.agentId,
    cursor: z.number().int().min(0).default(0),
    bytesMax: z.number().int().min(1).max(1_048_576).default(65_536),
    waitMs: z.number().int().min(0).max(25_000).default(0).describe('How long to wait for more than there is'),
  }),
  roles: PEOPLE,
  example: 'heph logs agt_01k',
  async run(input, context) {
    const asked = await withWholeIds(input, context);
    if (isFailure(asked)) return asked;
    const exists = await workflowOf(`agent-${asked.agentId}`, context);
    if (isFailure(exists)) return exists;
    const chunk = await readTranscript(asked, exists, context);
    return isFailure(chunk) ? chunk : { ...chunk, encoding: 'base64' };
  },
});

/** What reading a terminal takes. */
export type TranscriptContext = Pick<QueryContext, 'views' | 'store' | 'ids'> & {
  transcripts: Pick<Runner, 'id' | 'readTerminal'>;
};

/** Of an agent of that workflow. Where the terminal is on another machine, it says where. */
export async function readTranscript(
  asked: Parameters<Runner['readTerminal']>[0],
  workflowId: string,
  { views, transcripts }: TranscriptContext,
): Promise<TerminalChunk | Failure> {
  try {
    return await transcripts.readTerminal(asked);
  } catch (error) {
    if (!(error instanceof HephError) || error.code !== 'id.unknown') throw error;
    const { rows } = await views.view('fleet', { workflowId });
    const away = elsewhere(rows[asked.agentId], { transcripts });
    if (away === null) throw error;
    return invalid('agent.elsewhere', away);
  }
}

/** Where the processes and the terminal of an agent are, when that is not here. */
function elsewhere(row: Row | undefined, { transcripts }: Pick<TranscriptContext, 'transcripts'>): string | null {
  if (row === undefined || row.runnerId === transcripts.id) return null;
  return `It is, or was, with the runner ${String(row.runnerId)}; this server is ${transcripts.id}.`;
}

async function workflowAsked(
  { agentId, workflowId }: { agentId?: string | undefined; workflowId?: string | undefined },
  context: QueryContext,
): Promise<string | undefined | Failure> {
  const ofAgent = agentId === undefined ? undefined : await workflowOf(`agent-${agentId}`, context);
  return isFailure(ofAgent) ? ofAgent : visibleWorkflow(ofAgent ?? workflowId, context);
}

/** What was found, or why nothing could be. */
async function probeAll({ transcripts }: QueryContext): Promise<Map<string, AgentProbe> | string> {
  try {
    return new Map((await transcripts.listAgents()).map((probe) => [probe.agentId, probe]));
  } catch (error) {
    return messageOf(error);
  }
}

function processOf(row: Row, processes: Map<string, AgentProbe> | string, context: QueryContext): Row {
  if (typeof processes === 'string') return { state: 'unknown', reason: processes };
  const probe = processes.get(row.agentId as string);
  const away = elsewhere(row, context);
  if (!probe) return away === null ? { state: 'absent' } : { state: 'unknown', reason: away };
  // The token's hash is of no use to a reader.
  const { tokenHash: _hidden, ...shown } = { tokenHash: null, ...probe };
  return shown;
}
