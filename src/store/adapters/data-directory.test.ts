import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../kernel/adapters/system.ts';
import { openDataDirectory } from './data-directory.ts';

const root = mkdtempSync(join(tmpdir(), 'heph-data-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const clock = { ...systemClock, now: () => 1_700_000_000_000 };
const open = (path: string) => openDataDirectory(path, { clock });
const fresh = () => join(mkdtempSync(join(root, 'd-')), 'data');

describe('a data directory', () => {
  it('is made for the user alone and stays the same', () => {
    const path = fresh();
    const made = open(path);
    expect(made).toMatchObject({ path, version: 1, createdAt: 1_700_000_000_000 });
    expect(made.logId).toMatch(/^log_/);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(path, 'format.json')).mode & 0o777).toBe(0o600);
    expect(open(path)).toEqual(made);
  });

  it('is made of an empty directory, also of one that a crash left half made', () => {
    const path = fresh();
    mkdirSync(path, { mode: 0o755 });
    writeFileSync(join(path, 'format.json.tmp'), '{"ver');
    open(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(readdirSync(path)).toEqual(['format.json']);
  });

  it('is known by its real path', () => {
    const path = fresh();
    const { logId } = open(path);
    symlinkSync(path, `${path}-link`);
    expect(open(`${path}-link`)).toMatchObject({ path, logId });
  });

  it('is not made among files of someone else', () => {
    const path = fresh();
    mkdirSync(path);
    writeFileSync(join(path, 'thesis.txt'), 'precious');
    expect(() => open(path)).toThrow(expect.objectContaining({ kind: 'invalid', code: 'data.not_ours' }));
    expect(readdirSync(path)).toEqual(['thesis.txt']);
  });

  it.each(['', '{"version":1', '{"version":"1","logId":"log_x"}', '{"version":0,"logId":"log_x"}', 'null'])(
    'is not one with the format file %j',
    (text) => {
      const path = fresh();
      open(path);
      writeFileSync(join(path, 'format.json'), text);
      expect(() => open(path)).toThrow(expect.objectContaining({ code: 'data.not_ours' }));
      expect(readFileSync(join(path, 'format.json'), 'utf8')).toBe(text);
    },
  );

  it('of a newer format is left alone', () => {
    const path = fresh();
    open(path);
    writeFileSync(join(path, 'format.json'), '{"version":2,"logId":"log_x","createdAt":1}');
    expect(() => open(path)).toThrow(
      expect.objectContaining({ code: 'data.newer_format', details: { found: 2, known: 1 } }),
    );
  });

  it.each(['.', 'format.json'])('is refused when others can reach %s', (name) => {
    const path = fresh();
    open(path);
    chmodSync(join(path, name), name === '.' ? 0o750 : 0o604);
    expect(() => open(path)).toThrow(expect.objectContaining({ code: 'data.loose_mode', details: { loose: [name] } }));
  });
});
