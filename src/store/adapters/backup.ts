import { chmodSync, closeSync, existsSync, fsyncSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { copyFile, cp, lstat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { backup } from 'node:sqlite';
import type { Clock } from '../../kernel/clock.ts';
import { Fault, HephError, isFailure, messageOf } from '../../kernel/errors.ts';
import { type Format, readFormat, writeFormat } from './data-directory.ts';
import { makeDirectoryDurably, syncDirectory, writeFileDurably } from './durable-file.ts';
import { blobsIn, openFileBlobs } from './file-blobs.ts';
import { refuseUnfinishedImport } from './import-mark.ts';
import { openAnchorFile } from './sqlite/anchor.ts';
import { connect, logPathOf } from './sqlite/schema.ts';
import { readHead, verifyLog } from './sqlite/verify.ts';
import { DEFINITIONS } from './workspace-files.ts';

/**
 * A backup is a directory: the log as one file, its anchor, all blobs, the user's workflow definitions, and, written
 * last, `backup.json`, which says how far it reaches. A directory without that is no backup.
 *
 * The log is copied inside one read transaction, so it ends between two commits and waits for no writer. Blobs are
 * copied after it: an event is appended only when its blobs are there, so the copy has every blob that its events name.
 *
 * Tokens, caches, terminals' transcripts and the mirrors of repositories are not in it.
 */
export interface BackupNote {
  version: number;
  format: Format;
  /** The log's last event in it, and what that is chained to. */
  position: number;
  hash: string;
  blobs: number;
  /** Hashes of blobs that were spoiled before the backup was made. */
  damagedBlobs: string[];
  /** Milliseconds since the Unix epoch. */
  at: number;
}

const NOTE_VERSION = 1;
const NOTE_FILE = 'backup.json';
const PAGES_AT_ONCE = 2 ** 31 - 1;

/**
 * Copies a data directory to `to`, beside its living owner or without one. The copy is verified before it is called a
 * backup. Throws Invalid `log.absent`, `data.import_unfinished`, `data.not_empty`; Fault `log.damaged`, `backup.failed`.
 */
export async function backUp(directory: string, to: string, { clock }: { clock: Clock }): Promise<BackupNote> {
  if (!existsSync(logPathOf(directory))) throw new HephError('log.absent', `There is no log in ${directory}.`);
  const format = readFormat(directory);
  refuseUnfinishedImport(directory);
  return orFailed(`no backup could be made in ${to}`, async () => {
    takeEmpty(to);
    await copyLog(directory, to);
    const blobs = await copyBlobs(directory, to);
    await copyDefinitions(directory, to);
    const { position, hash } = sealLog(to);
    await refuseDamaged(to, { position, hash });
    const note: BackupNote = { version: NOTE_VERSION, format, position, hash, ...blobs, at: clock.now() };
    writeFileDurably(join(to, NOTE_FILE), `${JSON.stringify(note)}\n`);
    return note;
  });
}

/**
 * Makes a data directory of a backup and verifies what it has made. `format.json` is written last: a restore that was
 * broken off leaves a directory that nobody opens, and one that was refused leaves nothing. Throws Invalid
 * `backup.not_one`, `data.newer_format`, `data.not_empty`; Fault `log.damaged`, `backup.failed`.
 */
export async function restore(from: string, to: string): Promise<BackupNote> {
  const note = readNote(from);
  return orFailed(`${from} could not be restored to ${to}`, async () => {
    takeEmpty(to);
    try {
      return await fill(to, from, note);
    } catch (error) {
      // It was empty, so all that is in it is ours.
      for (const name of readdirSync(to)) rmSync(join(to, name), { recursive: true, force: true });
      throw error;
    }
  });
}

async function fill(to: string, from: string, note: BackupNote): Promise<BackupNote> {
  await copyFile(logPathOf(from), logPathOf(to));
  const blobs = await copyBlobs(from, to);
  await copyDefinitions(from, to);
  writeAnchor(to, note);
  syncFile(logPathOf(to));
  syncDirectory(to);
  await refuseDamaged(to, note);
  writeFormat(to, note.format);
  return { ...note, ...blobs, damagedBlobs: [...new Set([...note.damagedBlobs, ...blobs.damagedBlobs])] };
}

function readNote(from: string): BackupNote {
  const note = parseNote(from);
  if (!note || !Number.isSafeInteger(note.version) || note.version < 1)
    throw new HephError('backup.not_one', `${from} holds no finished backup`);
  if (note.version > NOTE_VERSION)
    throw new HephError('data.newer_format', `${from} is a backup of version ${note.version}; this program knows 1`);
  return note;
}

function parseNote(from: string): BackupNote | null {
  try {
    return JSON.parse(readFileSync(join(from, NOTE_FILE), 'utf8')) as BackupNote | null;
  } catch {
    return null;
  }
}

function takeEmpty(path: string): void {
  const taken = existsSync(path) && readdirSync(path).length > 0;
  if (taken) throw new HephError('data.not_empty', `${resolve(path)} is not empty; name a new directory`);
  makeDirectoryDurably(path);
  chmodSync(path, 0o700);
}

async function copyLog(directory: string, to: string): Promise<void> {
  // SQLite would make it with the mode that the process happens to have.
  closeSync(openSync(logPathOf(to), 'wx', 0o600));
  const source = connect(logPathOf(directory), { readOnly: true });
  try {
    await backup(source, logPathOf(to), { rate: PAGES_AT_ONCE });
  } finally {
    source.close();
  }
}

/** One file without side files, which can be read where nothing can be written. Answers how far it reaches. */
function sealLog(to: string): { position: number; hash: string } {
  const db = connect(logPathOf(to), { readOnly: false });
  try {
    db.exec('PRAGMA journal_mode = DELETE');
    const head = readHead(db);
    writeAnchor(to, head);
    return head;
  } finally {
    db.close();
    syncFile(logPathOf(to));
    syncDirectory(to);
  }
}

function writeAnchor(to: string, head: { position: number; hash: string }): void {
  const anchor = openAnchorFile(to);
  anchor.write(head);
  anchor.close();
}

/** Each blob is read, compared with its name, and kept durably. One that is spoiled is named and left out. */
async function copyBlobs(from: string, to: string): Promise<Pick<BackupNote, 'blobs' | 'damagedBlobs'>> {
  const [source, target] = [openFileBlobs(from), openFileBlobs(to)];
  const damagedBlobs: string[] = [];
  let blobs = 0;
  for (const hash of blobsIn(from)) {
    try {
      await target.put(await source.get(hash));
      blobs += 1;
    } catch (error) {
      if (!isFailure(error) || error.code !== 'blob.damaged') throw error;
      damagedBlobs.push(hash);
    }
  }
  return { blobs, damagedBlobs };
}

/** Files only: a link would lead out of the copy. */
async function copyDefinitions(from: string, to: string): Promise<void> {
  if (!existsSync(join(from, DEFINITIONS))) return;
  const isOurs = async (path: string) => !(await lstat(path)).isSymbolicLink();
  await cp(join(from, DEFINITIONS), join(to, DEFINITIONS), { recursive: true, filter: isOurs });
}

async function refuseDamaged(directory: string, anchor: { position: number; hash: string }): Promise<void> {
  const { damage } = await verifyLog(directory, { anchor });
  if (damage)
    throw new Fault(
      'log.damaged',
      `the log in ${directory} does not verify at position ${damage.position ?? 'unknown'}: ${damage.reason}`,
      { retryable: false },
    );
}

async function orFailed<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof HephError) throw error;
    throw new Fault('backup.failed', `${what}: ${messageOf(error)}`, { cause: error });
  }
}

function syncFile(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
