import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { z } from 'zod';
import { hashOf } from '../../../kernel/canonical.ts';
import { type Failure, invalid, isFailure } from '../../../kernel/errors.ts';
import { compose, type ReadPage } from '../compose.ts';
import type { DefinitionLoader } from '../definition-loader.ts';

const FOLDER_NAME = /^[a-z0-9][a-z0-9_-]{0,39}$/;
const PAGE_BYTES_MAX = 256 * 1024;
const MISTAKES_SHOWN_MAX = 10;

export interface FolderLoaderOptions<D> {
  /** Folders that hold definitions, each a folder of its own; an earlier one hides a later one's definition of the same name. */
  folders: readonly string[];
  schema: z.ZodType<D>;
}

/** Reads definitions from disk each time, so that an edited page counts for the next workflow. */
export function createFolderLoader<D>({ folders, schema }: FolderLoaderOptions<D>): DefinitionLoader<D> {
  async function load(name: string) {
    const root = FOLDER_NAME.test(name) ? await firstWith(name) : undefined;
    if (root === undefined) {
      const known = [...(await names())].join(', ') || 'none';
      return invalid(
        'definition.unknown',
        `There is no workflow ${JSON.stringify(name.slice(0, 80))}; there are: ${known}.`,
      );
    }
    const result = await composed(name, root);
    if (isFailure(result)) return result;
    if ('mistakes' in result) return broken(name, result.mistakes);
    return { definition: result.definition, hash: hashOf(result.definition) };
  }

  async function composed(name: string, root: string) {
    try {
      return await compose(name, schema, pageReader(join(root, name)));
    } catch (error) {
      return broken(name, [{ where: name, message: `it cannot be read: ${String(error)}` }]);
    }
  }

  async function firstWith(name: string): Promise<string | undefined> {
    for (const root of folders) if ((await definitionsIn(root)).includes(name)) return root;
    return undefined;
  }

  async function names(): Promise<Set<string>> {
    return new Set((await Promise.all(folders.map(definitionsIn))).flat().sort());
  }

  return {
    load,
    async list() {
      return Promise.all(
        [...(await names())].map(async (name) => {
          const loaded = await load(name);
          return isFailure(loaded) ? { name, broken: loaded } : { name, ...loaded };
        }),
      );
    },
  };
}

async function definitionsIn(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory() && FOLDER_NAME.test(entry.name)).map((entry) => entry.name);
}

/** A page lies in its definition's folder, also when it is a link, and is of a sensible size. */
function pageReader(folder: string): ReadPage {
  return async (file) => {
    const path = await realpath(join(folder, file)).catch(() => null);
    if (path === null) return null;
    if (!path.startsWith((await realpath(folder)) + sep)) throw new Error(`${file} leads out of the folder`);
    if ((await stat(path)).size > PAGE_BYTES_MAX) throw new Error(`${file} is larger than ${PAGE_BYTES_MAX} bytes`);
    return readFile(path, 'utf8');
  };
}

function broken(name: string, mistakes: { where: string; message: string }[]): Failure {
  const shown = mistakes.slice(0, MISTAKES_SHOWN_MAX).map(({ where, message }) => `${where} ${message}`);
  return invalid('definition.invalid', `The workflow ${name} has a mistake: ${shown.join('; ')}.`, { mistakes });
}
