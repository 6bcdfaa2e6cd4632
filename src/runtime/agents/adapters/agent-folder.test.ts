import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  type AgentFolder,
  agentFolder,
  makeFolder,
  readRecords,
  recordClaim,
  type StartRecord,
} from './agent-folder.ts';

const AGENT = 'agt_01m7wc98a71ahwe28dr7ag496d';
const claim: StartRecord = {
  agentId: AGENT,
  taskId: 'tsk_01m7wc98a71ahwe28dr7ag496d',
  runnerId: 'local',
  bootId: 'this boot',
  claimedAt: 1,
  tokenHash: 'hash',
  worktree: '/w',
  argv: ['agent'],
  environmentNames: [],
  dataDirectory: '/d',
  terminal: { columns: 80, rows: 24 },
  limits: { wallMs: 1, transcriptBytesMax: 1 },
};
let root: string;
let folder: AgentFolder;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'claims-'));
  folder = agentFolder(root, AGENT) as AgentFolder;
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it('records a claim for its owner only, and a later one in its place', async () => {
  await recordClaim(folder, claim, makeFolder(folder));
  expect(readRecords(folder)).toEqual({ start: claim, state: null, exit: null, lost: null });
  expect(statSync(folder.start).mode & 0o777).toBe(0o600);
  const later = { ...claim, claimedAt: 2 };
  await recordClaim(folder, later, makeFolder(folder));
  expect(readRecords(folder).start).toEqual(later);
  expect(readdirSync(folder.path)).toEqual(['start.json']);
});

it('takes a claim that a power cut has torn for none: no holder was told to begin', async () => {
  await recordClaim(folder, claim, makeFolder(folder));
  const { size } = statSync(folder.start);
  for (const bytes of [size - 2, 10, 0]) {
    truncateSync(folder.start, bytes);
    expect(readRecords(folder).start).toBeNull();
  }
});

it('knows whether it was the first to make the folder', () => {
  expect([makeFolder(folder), makeFolder(folder)]).toEqual([true, false]);
});
