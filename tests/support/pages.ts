import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, sourceFiles } from './source-files.ts';

/** A page for people, written by hand; the ones made from the code have tests of their own. */
export interface Page {
  path: string;
  text: string;
}

const GENERATED = 'Written by `npm run docs`';

export function handWrittenPages(): Page[] {
  const top = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].map((path) => ({ path, text: read(path) }));
  const below = sourceFiles(['docs'], (path) => path.endsWith('.md')).filter(({ text }) => !text.includes(GENERATED));
  return [...top, ...below];
}

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The text of each fenced block of a language; with `mark`, only of those right behind `<!-- mark -->`. */
export function blocks(text: string, language: string, mark?: string): string[] {
  const fences = text.matchAll(/^(?:<!-- ([^\n]+) -->\n)?```(\w*)\n(.*?)^```$/gms);
  return [...fences].flatMap(([, marked, word, inner]) =>
    word === language && (mark === undefined || mark === marked) ? [inner ?? ''] : [],
  );
}

/** The command lines of a page, in blocks and in the text, without their `./heph`. */
export function hephLines(text: string): string[] {
  const inBlocks = blocks(text, 'sh').flatMap((block) => block.split('\n'));
  const inline = [...text.replace(/^```.*?^```$/gms, '').matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
  return [...inBlocks, ...inline].flatMap((line) => /^(?:\.\/)?heph (?!\.)(.+)$/.exec(line)?.[1] ?? []);
}

/** Links within the repository as paths from its root, with their `#anchor`. */
export function links({ path, text }: Page): string[] {
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
  const inside = targets.filter((target) => !/^[a-z]+:/.test(target));
  return inside.map((target) => (target.startsWith('#') ? `${path}${target}` : join(path, '..', target)));
}

/** What a page names in code that looks like a file or folder of ours. */
export function namedPaths(text: string): string[] {
  const places = /(?<=[`\n])((?:src|docs|tests|scripts|agents|phases|bench|demo|bin|\.ci)\/[\w./-]*)(?=[`\s])/g;
  return [...text.matchAll(places)].map((match) => match[1] ?? '').filter((path) => !path.endsWith('.'));
}

export function linkExists(link: string): boolean {
  const [path = '', anchor] = link.split('#');
  if (!existsSync(join(ROOT, path))) return false;
  return anchor === undefined || headings(read(path)).includes(anchor);
}

/** The anchors that a page's headings get. */
function headings(text: string): string[] {
  const titles = [...text.matchAll(/^#+ (.+)$/gm)].map((match) => match[1] ?? '');
  return titles.map((title) =>
    title
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
}
