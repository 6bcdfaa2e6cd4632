import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashOf } from '../../kernel/canonical.ts';
import { VERSION } from '../../kernel/version.ts';
import { type CheckDefinition, DEFINITION_FILE } from '../definition.ts';
import { DETECTED_FROM, detectChecks, type RootFiles } from '../detect.ts';
import { codeOf, placeFile } from './folder.ts';

const BYTES_MAX = 1024 * 1024;
/** Raised when the parsed form changes its shape. */
const PARSED_VERSION = 2;

/**
 * The checks of a repository: what its `checks.yaml` says, else what is detected. A parsed file is kept by its hash, so that the
 * parser need not be loaded again. `kept` null: nothing is kept. Throws `check.bad_definition`.
 */
export async function loadDefinition(root: string, kept: string | null): Promise<CheckDefinition> {
  const text = await readText(join(root, DEFINITION_FILE));
  if (text === null) return detectChecks(await readRootFiles((name) => readText(join(root, name))));
  const file = kept && join(kept, `${hashOf([VERSION, PARSED_VERSION, text])}.json`);
  const known = file && (await readText(file));
  if (known) {
    try {
      return JSON.parse(known) as CheckDefinition;
    } catch {
      // damaged: parsed anew below
    }
  }
  const { parseDefinition } = await import('../parse-definition.ts');
  const definition = parseDefinition(text);
  if (file) await placeFile(file, JSON.stringify(definition));
  return definition;
}

/** The same of a tree that is nowhere on the disk: `read` answers the text of a file at its root, or null. */
export async function definitionIn(read: (name: string) => Promise<string | null>): Promise<CheckDefinition> {
  const text = await read(DEFINITION_FILE);
  if (text === null) return detectChecks(await readRootFiles(read));
  const { parseDefinition } = await import('../parse-definition.ts');
  return parseDefinition(text);
}

async function readRootFiles(read: (name: string) => Promise<string | null>): Promise<RootFiles> {
  const texts = await Promise.all(DETECTED_FROM.map(async (name) => [name, await read(name)] as const));
  return Object.fromEntries(texts) as RootFiles;
}

/** Null when it is not there, or is no text of a sensible size. */
async function readText(path: string): Promise<string | null> {
  try {
    const text = await readFile(path, 'utf8');
    return text.length <= BYTES_MAX || path.endsWith('lock.json') ? text : null;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'EISDIR') return null;
    throw error;
  }
}
