import type { z } from 'zod';
import { type LocatedYaml, locateYaml, type Mistake } from './located-yaml.ts';

/** The text of a file of the definition's folder, or null when it is not there. */
export type ReadPage = (file: string) => Promise<string | null>;

interface Page {
  name: string;
  front: LocatedYaml;
  instructions: string;
}

const PHASE_NAME = /^[a-z0-9][a-z0-9_-]{0,39}$/;
const FRONT_MATTER = /^---\r?\n([\s\S]*?)\r?\n?---[ \t]*(?:\r?\n|$)([\s\S]*)$/;

/**
 * One definition out of `workflow.yaml`, whose `phases` name the pages in their order, and a page per phase: front matter
 * between `---` lines, then the instructions. Every mistake that can be found at once is answered.
 */
export async function compose<D>(
  folder: string,
  schema: z.ZodType<D>,
  read: ReadPage,
): Promise<{ definition: D } | { mistakes: Mistake[] }> {
  const file = `${folder}/workflow.yaml`;
  const text = await read('workflow.yaml');
  if (text === null) return { mistakes: [{ where: `${file}:1:1`, message: 'the file is missing' }] };
  const main = locateYaml(file, text);
  if (main.mistakes.length > 0) return { mistakes: main.mistakes };
  const names = phaseNames(main);
  if (!Array.isArray(names)) return { mistakes: [names] };
  const read1 = await Promise.all(names.map((name, index) => pageOf(folder, name, main.at(['phases', index]), read)));
  const mistakes = read1.flatMap((page) => ('front' in page ? page.front.mistakes : [page]));
  if (mistakes.length > 0) return { mistakes };
  return checked(main, read1 as Page[], schema, folder);
}

function checked<D>(main: LocatedYaml, pages: Page[], schema: z.ZodType<D>, folder: string) {
  const phases = pages.map(({ name, front, instructions }) => ({
    ...(front.value as object | null),
    name,
    instructions,
  }));
  const named = (main.value as { name?: unknown }).name;
  if (named !== undefined && named !== folder)
    return { mistakes: [{ where: main.at(['name']), message: `the name must be the folder’s, ${folder}` }] };
  const parsed = schema.safeParse({ ...(main.value as object), name: folder, phases });
  if (parsed.success) return { definition: parsed.data };
  return { mistakes: parsed.error.issues.flatMap((issue) => located(issue, main, pages)) };
}

function phaseNames(main: LocatedYaml): string[] | Mistake {
  const value = main.value as { phases?: unknown } | null;
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    return { where: main.at([]), message: 'a workflow is a map with a title and phases' };
  const phases = value.phases;
  if (!Array.isArray(phases) || phases.length === 0)
    return { where: main.at(['phases']), message: '`phases` must list at least one phase by its name' };
  const bad = phases.findIndex((name) => typeof name !== 'string' || !PHASE_NAME.test(name));
  if (bad < 0) return phases as string[];
  return {
    where: main.at(['phases', bad]),
    message: 'a phase’s name must be lower-case letters, digits, dash or underscore',
  };
}

async function pageOf(folder: string, name: string, listedAt: string, read: ReadPage): Promise<Page | Mistake> {
  const file = `${name}.md`;
  const text = await read(file);
  if (text === null) return { where: listedAt, message: `the phase ${name} has no page ${file}` };
  const parts = FRONT_MATTER.exec(text);
  if (!parts)
    return { where: `${folder}/${file}:1:1`, message: 'the page must begin with front matter between --- lines' };
  const front = locateYaml(`${folder}/${file}`, parts[1] as string, 2);
  if (front.mistakes.length === 0 && (typeof front.value !== 'object' || Array.isArray(front.value)))
    return { where: `${folder}/${file}:2:1`, message: 'the front matter must be a map of keys and values' };
  const stray = ['name', 'instructions'].find((key) => front.value && key in (front.value as object));
  if (stray) return { where: front.atKey([], stray), message: `${stray} is given by the page itself` };
  return { name, front, instructions: (parts[2] as string).trim() };
}

/** Where a person finds what the schema objects to. */
function located(issue: z.core.$ZodIssue, main: LocatedYaml, pages: Page[]): Mistake[] {
  const [first, index, ...rest] = issue.path;
  const page = first === 'phases' && typeof index === 'number' ? pages[index] : undefined;
  // The name of a phase stands in the list, everything else of it on its page.
  const onPage = page !== undefined && rest[0] !== 'name';
  const yaml = onPage ? page.front : main;
  const path = onPage ? rest : issue.path;
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ where: yaml.atKey(path, key), message: `there is no key ${key} here` }));
  const inList = page !== undefined && !onPage ? ['phases', index as number] : path;
  const subject = path.length > 0 && !(page && !onPage) ? `${path.map(String).join('.')}: ` : '';
  return [{ where: yaml.at(inList), message: `${subject}${issue.message}` }];
}
