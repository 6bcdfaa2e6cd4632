/**
 * The program that a module of the user's runs in: it gets the candidate, and its answer goes to a file, so that nothing
 * that is printed meanwhile is taken for it.
 */
export const SCORER_LOADER = `import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [module, candidate, answer] = process.argv.slice(2);
const { default: score } = await import(pathToFileURL(module).href);
if (typeof score !== 'function') throw new TypeError('the module has no function as its default export');
const value = await score(JSON.parse(readFileSync(candidate, 'utf8')));
writeFileSync(answer, typeof value === 'number' ? String(value) : JSON.stringify(value) ?? 'undefined');
process.exit(0);
`;
