import { describe, expect, it } from 'vitest';
import { allPages } from '../../scripts/docs/pages.ts';
import { outdatedPages } from '../../scripts/docs.ts';
import { ACTORS, COMMANDS } from '../../src/actors/catalogue.ts';
import { ERROR_CODES } from '../../src/kernel/error-codes.ts';
import { statesOf } from '../../src/machines/define-actor.ts';
import { QUERIES } from '../../src/queries/index.ts';
import { clientMessages, serverMessages } from '../../src/transport/ws/protocol.ts';
import { sourceFiles } from '../support/source-files.ts';

const codes = Object.keys(ERROR_CODES);
const pages = allPages();
/** The codes that a page names in a table's first column or at the end of an entry. */
const named = (page: string) =>
  [...(pages[page] ?? '').matchAll(/^\| `([a-z]+\.[a-z_]+)` \||\(`([a-z]+\.[a-z_]+)`\)$/gm)].map(
    ([, first, last]) => first ?? last,
  );

describe('the reference pages', () => {
  it('are what the code says', () => {
    expect(outdatedPages()).toEqual([]);
  });

  it('begin with a line that says where they come from', () => {
    for (const text of Object.values(pages)) expect(text.split('\n')[0]).toContain('npm run docs');
  });

  it.each(['errors.md', 'troubleshooting.md'])(
    'name every error code once in %s, and none that does not exist',
    (page) => {
      expect(named(page).sort()).toEqual([...codes].sort());
    },
  );

  it('draw every state and every fact of every machine', () => {
    for (const actor of ACTORS.values()) {
      const text = pages[`machines/${actor.kind}.md`];
      for (const state of statesOf(actor.chart)) expect(text).toContain(`${state.split('.').at(-1)}`);
      for (const fact of Object.keys(actor.facts)) expect(text).toMatch(new RegExp(`: .*\\b${fact}\\b`));
    }
  });

  it('tell of every command and every question', () => {
    for (const name of [...COMMANDS.keys(), ...QUERIES.keys()]) expect(pages['commands.md']).toContain(`\`${name}\``);
  });
});

describe('the stream protocol', () => {
  it('tells of every message, each with a sentence', () => {
    for (const [name, schema] of Object.entries({ ...clientMessages, ...serverMessages })) {
      expect(schema.description).toMatch(/\.$/);
      expect(schema.shape.type.value).toBe(name);
      expect(pages['stream-protocol.md']).toContain(`### \`${name}\`\n\n${schema.description}`);
    }
  });
});

describe('error codes', () => {
  const files = sourceFiles(
    ['src', 'agents', 'bin'],
    (path) => /\.[jt]s$/.test(path) && !path.endsWith('.test.ts') && path !== 'src/kernel/error-codes.ts',
  );
  const used = new Set(files.flatMap(({ text }) => [...text.matchAll(/'([a-z]+\.[a-z_]+)'/g)].map(([, one]) => one)));

  it('are searched for in files that are there', () => {
    expect(files.length).toBeGreaterThan(20);
    expect(used).toContain('task.not_open');
  });

  // The server is where the parts meet: before it is there, codes wait for the part that will use them.
  it.runIf(files.some(({ path }) => path === 'src/programs/server.ts'))('are all used', () => {
    expect(codes.filter((one) => !used.has(one))).toEqual([]);
  });
});
