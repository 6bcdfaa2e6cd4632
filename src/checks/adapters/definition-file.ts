import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashOf } from '../../kernel/canonical.ts';
import { VERSION } from '../../kernel/version.ts';
import { type CheckDefinition, DEFINITION_FILE } from '../definition.ts';
import { DETECTED_FROM, detectChecks, type RootFiles } from '../detect.ts';
import { codeOf, placeFile } from './folder.ts';

const BYTES_MAX = 1024 * 1024;
/** Raised when the parsed form changes its shape. */
const PARSED_VERSION = 1;

/**
 * The checks of a repository: what its `checks.yaml` says, else what is detected. A parsed file is kept by its hash, so that the
 * parser need not be loaded again. `kept` null: nothing is kept. Throws `check.bad_definition`.
 */
export async function loadDefinition(root: string, kept: string | null): Promise<CheckDefinition> {
  const text = await readText(join(root, DEFINITION_FILE));
  if (text === null) return detectChecks(await readRootFiles(root));
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

async function readRootFiles(root: string): Promise<RootFiles> {
  const texts = await Promise.all(DETECTED_FROM.map(async (name) => [name, await readText(join(root, name))] as const));
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
