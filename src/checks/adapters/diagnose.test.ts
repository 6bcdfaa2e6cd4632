import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diagnoseHere } from '../../programs/diagnose-here.ts';
import { checkDataDirectory, checkNode } from './diagnose.ts';

let data = '';
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'heph-diagnose-'));
});
afterEach(() => rmSync(data, { recursive: true }));

describe('what a run needs of the machine', () => {
  it('wants a Node that runs the programs', () => {
    expect(checkNode('24.15.0')).toMatchObject({ level: 'ok' });
    expect(checkNode('24.9.1')).toMatchObject({ level: 'error' });
    expect(checkNode('20.20.2')).toMatchObject({ level: 'error', next: expect.stringContaining('Node 24') });
  });

  it('finds no program on an empty PATH, and says what that means', async () => {
    const findings = await diagnoseHere(join(data, 'absent'), { env: { PATH: '' }, home: data }, {});
    expect(findings.slice(1, 4)).toMatchObject([
      { what: 'git', level: 'error', text: 'git >=2.30.0 is wanted, and there is none on the PATH.' },
      { what: 'sandbox', level: 'note', text: expect.stringContaining('runs as you') },
      { what: 'disk', level: 'ok', text: expect.stringContaining('GiB are free for') },
    ]);
  });

  it('finds what others can reach, and what belongs to others', () => {
    const uid = process.getuid?.() as number;
    expect(checkDataDirectory(join(data, 'absent'), uid)).toMatchObject({ level: 'ok' });
    mkdirSync(join(data, 'blobs'), { mode: 0o700 });
    expect(checkDataDirectory(data, uid)).toMatchObject({ level: 'ok' });
    expect(checkDataDirectory(data, uid + 1)).toMatchObject({ level: 'error', next: expect.stringContaining('chown') });
    chmodSync(join(data, 'blobs'), 0o750);
    expect(checkDataDirectory(data, uid)).toMatchObject({
      level: 'error',
      text: expect.stringContaining('blobs'),
      next: expect.stringContaining('chmod'),
    });
  });
});
