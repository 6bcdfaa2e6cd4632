import { readFile } from 'node:fs/promises';
import { seal, unseal } from './sealed.ts';
import { placeFile } from './folder.ts';

const KEPT_MAX = 60;

type Known = Record<string, Readonly<Record<string, string>>>;

/** Keeps what was hashed of the last so many states of a tree in one small file. Lost or damaged, it is made again. */
export function createRemembered(file: string, readOnly: boolean) {
  const read = async (): Promise<Known> => {
    const text = await readFile(file, 'utf8').catch(() => '');
    return unseal<Known>(text) ?? {};
  };
  return {
    remembered: async (identity: string) => (await read())[identity] ?? {},
    async remember(identity: string, hashes: Readonly<Record<string, string>>) {
      if (readOnly) return;
      const { [identity]: _old, ...others } = await read();
      const kept = Object.entries(others).slice(1 - KEPT_MAX);
      await placeFile(file, seal(Object.fromEntries([...kept, [identity, hashes]])));
    },
  };
}
