import type { Client } from '../client.ts';
import { EXIT, fail } from '../failure.ts';
import { duration } from '../../words/index.ts';
import type { Output } from '../output.ts';

interface Rebuilt {
  view: string;
  position: string;
  checksum: string;
  equal: boolean;
  events: number;
  ms: number;
}

const VIEWS = ['queue', 'workflow', 'fleet', 'builds', 'inbox', 'cost', 'checks'];

/** Folds a view anew beside the one that serves, and compares. Fails when the two differ. */
export async function rebuild(client: Client, output: Output, view: string | undefined): Promise<number> {
  const different: string[] = [];
  for (const name of view ? [view] : VIEWS) {
    const result = await client.query<Rebuilt>('rebuild_view', { view: name });
    output.record({ type: 'rebuilt', ...result });
    const verdict = result.equal ? 'the same as the one that served' : 'DIFFERENT from the one that served';
    output.say(
      `${name}: ${result.events} events up to ${result.position} in ${duration(result.ms)}, checksum ${result.checksum.slice(0, 16)}, ${verdict}.`,
    );
    if (!result.equal) different.push(name);
  }
  if (different.length > 0)
    throw fail('view.differs', `What was rebuilt differs from what served: ${different.join(', ')}.`);
  return EXIT.ok;
}
