import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { importFaults } from '../../scripts/imports.ts';

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

/** A repository of these files. */
function planted(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'heph-imports-'));
  made.push(root);
  for (const [path, text] of Object.entries({ 'package.json': '{"type":"module"}', ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

describe('the import rules', () => {
  it('hold', () => {
    expect(importFaults()).toEqual([]);
  });

  it('find what breaks them, by value or by type only', () => {
    const faults = importFaults(
      planted({
        'src/store/port.ts': 'export interface Port { a: 1 }',
        'src/store/adapters/sqlite.ts': 'export const open = 1;',
        'src/machines/one.ts':
          "import type { Port } from '../store/port.ts'; import { b } from './two.ts'; export type A = Port; export const a = b;",
        'src/machines/two.ts':
          "import { a } from './one.ts'; import { join } from 'node:path'; export const b = [a, join];",
        'src/store/open.ts':
          "import { open } from './adapters/sqlite.ts'; await using it = open; export const late = import('../../tests/help.ts');",
        'src/programs/server.ts': "import { open } from '../store/adapters/sqlite.ts'; export const server = open;",
        'tests/help.ts': 'export const help = 1;',
      }),
    );
    expect(faults.sort()).toEqual([
      'adapters-meet-in-programs: src/store/open.ts → src/store/adapters/sqlite.ts',
      'machines-are-pure: src/machines/two.ts → path',
      'machines-looks-down: src/machines/one.ts → src/store/port.ts',
      'no-circles: src/machines/one.ts → src/machines/two.ts',
      'src-never-imports-tests: src/store/open.ts → tests/help.ts',
    ]);
  });

  it('are not taken for kept when there was nothing to look at', () => {
    expect(importFaults(planted({ 'tests/help.ts': 'export const help = 1;' }))).toEqual([
      'src/ holds no file to look at',
    ]);
  });
});
