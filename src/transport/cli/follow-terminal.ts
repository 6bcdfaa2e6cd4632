import type { Client } from './client.ts';
import { overStream } from './over-stream.ts';

interface Looking {
  onBytes(bytes: Uint8Array): void;
  note(line: string): void;
  signal: AbortSignal;
}

/** An agent's terminal from its oldest byte to its end; rejects with the signal's reason when that is aborted. */
export function followTerminal(client: Client, agentId: string, { onBytes, note, signal }: Looking): Promise<void> {
  return overStream<void>(client, { signal, note }, (stream, { resolve, reject }) => {
    const follow = () => {
      stream.terminal({
        agentId,
        onBytes,
        onEnd(error) {
          if (error?.code !== 'stream.resume_too_old') return error ? reject(error) : resolve();
          // The transcript is a ring: what was printed while nobody was connected has been overwritten.
          note(`heph: ${error.message}`);
          follow();
        },
      });
    };
    follow();
  });
}
