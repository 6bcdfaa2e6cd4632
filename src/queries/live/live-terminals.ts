import { HephError, isFailure } from '../../kernel/errors.ts';
import type { TerminalChunk } from '../../runtime/runner.ts';
import { readTranscript, type TranscriptContext } from '../agents.ts';
import { withWholeIds, workflowOf } from '../fields.ts';

/** Agents’ terminals as they are written, by byte cursor. */
export interface LiveTerminals {
  /** Throws Invalid `id.unknown`, `agent.elsewhere`. */
  open(agentId: string): Promise<LiveTerminal>;
}

export interface LiveTerminal {
  agentId: string;
  /** Up to `bytesMax` bytes from the cursor; waits up to `waitMs` for the first. */
  read(cursor: number, bytesMax: number, waitMs: number): Promise<TerminalChunk>;
}

export function createLiveTerminals(context: TranscriptContext): LiveTerminals {
  return {
    async open(asked) {
      const whole = await withWholeIds({ agentId: asked }, context);
      if (isFailure(whole)) throw HephError.of(whole);
      const { agentId } = whole;
      const workflowId = await workflowOf(`agent-${agentId}`, context);
      if (isFailure(workflowId)) throw HephError.of(workflowId);
      return {
        agentId,
        async read(cursor, bytesMax, waitMs) {
          const chunk = await readTranscript({ agentId, cursor, bytesMax, waitMs }, workflowId, context);
          if (isFailure(chunk)) throw HephError.of(chunk);
          return chunk;
        },
      };
    },
  };
}
