import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { splitWords } from '../../src/kernel/words.ts';
import { main } from '../../src/transport/cli/index.ts';
import { VERBS } from '../../src/transport/cli/verb-table.ts';
import { cliWorld } from '../support/cli-world.ts';
import { blocks, handWrittenPages, hephLines, linkExists, links, namedPaths, read } from '../support/pages.ts';
import { ROOT } from '../support/source-files.ts';

const pages = handWrittenPages();
const lines = [...new Set(pages.flatMap(({ text }) => hephLines(text)))];

/** What a verb says of itself. */
async function helpOf(line: string): Promise<string> {
  const words = splitWords(line.replace(/[…]/g, '0'));
  const end = words.findIndex((word) => word.startsWith('-'));
  const place = cliWorld();
  await main([...words.slice(0, end < 0 ? words.length : end), '--help'], place.world, '0', async () => VERBS);
  return place.out();
}

describe('the README', () => {
  it('gives commands that work, one after the other', { timeout: 120_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'heph-readme-'));
    const heph = (args: readonly string[]) =>
      spawnSync(process.execPath, [join(ROOT, 'src/programs/cli.ts'), ...args], {
        cwd: ROOT,
        encoding: 'utf8',
        env: { ...process.env, HEPH_DATA: folder },
      });
    onTestFinished(() => {
      heph(['down']);
      rmSync(folder, { recursive: true, force: true });
    });
    const marked = blocks(read('README.md'), 'sh', 'tested').flatMap((block) => block.trim().split('\n'));
    expect(marked.length).toBeGreaterThan(5);
    for (const line of marked) {
      const { status, stdout, stderr } = heph(splitWords(line).slice(1));
      expect({ line, status, stderr }).toEqual({ line, status: 0, stderr: '' });
      if (line.includes('--json')) for (const one of stdout.trim().split('\n')) JSON.parse(one);
    }
  });

  it('names the two commands that its clone answers to', () => {
    const [first] = blocks(read('README.md'), 'sh');
    expect(first).toBe('./heph demo\n./heph test\n');
    expect(read('heph')).toContain('= test ]');
  });

  it('has a line for every folder of src and for what else lies at the top', () => {
    const tree = blocks(read('README.md'), '').find((block) => block.includes('src/kernel/')) ?? '';
    const named = [...tree.matchAll(/^(\S+)/gm)].map((match) => match[1] ?? '');
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    const folders = spawnSync('git', ['ls-files', '--', 'src'], { cwd: ROOT, encoding: 'utf8' });
    const expected = new Set(folders.stdout.split('\n').flatMap((path) => /^src\/[^/]+\//.exec(path)?.[0] ?? []));
    expect(named).toEqual(expect.arrayContaining([...expected]));
  });
});

describe('the pages for people', () => {
  it('give many command lines', () => {
    expect(lines.length).toBeGreaterThan(15);
  });

  it.each(lines.filter((line) => line !== 'test' && !line.startsWith('test ')))(
    'use a verb and options that exist: heph %s',
    async (line) => {
      const help = await helpOf(line);
      const [verb = ''] = splitWords(line);
      if (!verb.startsWith('-')) expect(help).toContain(`Usage: heph ${verb}`);
      for (const [option] of line.matchAll(/(?<=\s)--[a-z-]+/g)) expect(help).toContain(option);
    },
  );

  it.each(pages)('link to and name what exists: $path', (page) => {
    expect(links(page).filter((link) => !linkExists(link))).toEqual([]);
    expect(namedPaths(page.text).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});
