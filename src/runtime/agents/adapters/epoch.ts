import { join } from 'node:path';
import { Fault } from '../../../kernel/errors.ts';
import { readText, replaceFile } from './agent-folder.ts';

/**
 * Who of several servers may act: the one with the highest number in the file. The data directory's lock keeps two from
 * opening at once; the number stops one that was asleep while another took over.
 */
export interface Epoch {
  readonly number: number;
  /** Throws Fault `log.fenced` when a later server has opened this folder. */
  check(): void;
}

export async function raiseEpoch(root: string): Promise<Epoch> {
  const path = join(root, 'epoch');
  const read = () => Number(readText(path) ?? 0);
  const number = read() + 1;
  await replaceFile(path, `${number}\n`);
  return {
    number,
    check() {
      if (read() <= number) return;
      throw new Fault('log.fenced', 'A later server has taken over the agents.', { retryable: false });
    },
  };
}
