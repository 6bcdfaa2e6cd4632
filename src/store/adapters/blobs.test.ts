import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../kernel/canonical.ts';
import type { BlobStore } from '../blob-store.ts';
import { openFileBlobs } from './file-blobs.ts';
import { createMemoryBlobs } from './memory-blobs.ts';

const root = mkdtempSync(join(tmpdir(), 'heph-blobs-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const fresh = () => mkdtempSync(join(root, 'data-'));

const adapters: [string, () => BlobStore][] = [
  ['memory', createMemoryBlobs],
  ['files', () => openFileBlobs(fresh())],
];

describe.each(adapters)('blobs in %s', (_name, open) => {
  it('give back what was put, under its hash', async () => {
    const blobs = open();
    const bytes = new Uint8Array([0, 255, 10, 13]);
    const hash = await blobs.put(bytes);
    expect(hash).toBe(sha256(bytes));
    expect(await blobs.has(hash)).toBe(true);
    expect([...(await blobs.get(hash))]).toEqual([...bytes]);
    expect(await blobs.put('text')).toBe(sha256('text'));
    expect(Buffer.from(await blobs.get(sha256('text'))).toString()).toBe('text');
  });

  it('keep the bytes of the moment they were put', async () => {
    const blobs = open();
    const bytes = new Uint8Array([1, 2, 3]);
    const hash = blobs.put(bytes);
    bytes[0] = 9;
    expect([...(await blobs.get(await hash))]).toEqual([1, 2, 3]);
  });

  it.each([sha256('never'), 'no hash', '../../etc/passwd', ''])('have none called %j', async (hash) => {
    const blobs = open();
    expect(await blobs.has(hash)).toBe(false);
    await expect(blobs.get(hash)).rejects.toMatchObject({ kind: 'invalid', code: 'blob.not_found' });
  });
});

describe('blobs in files', () => {
  it('lie under their hash, for the user alone, with nothing left beside them', async () => {
    const directory = fresh();
    const blobs = openFileBlobs(directory);
    const hashes = await Promise.all(['same', 'same', 'other'].map((text) => blobs.put(text)));
    expect(hashes[0]).toBe(hashes[1]);
    const shard = join(directory, 'blobs', sha256('same').slice(0, 2));
    expect(readFileSync(join(shard, sha256('same')), 'utf8')).toBe('same');
    expect(statSync(join(shard, sha256('same'))).mode & 0o777).toBe(0o600);
    expect(statSync(shard).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(directory, 'blobs')).filter((name) => name.startsWith('draft'))).toEqual([]);
  });

  it('tell when the disk spoiled one, and mend it when its bytes come again', async () => {
    const directory = fresh();
    const blobs = openFileBlobs(directory);
    const hash = await blobs.put('precious');
    writeFileSync(join(directory, 'blobs', hash.slice(0, 2), hash), 'precioux');
    await expect(blobs.get(hash)).rejects.toMatchObject({ kind: 'fault', code: 'blob.damaged', details: { hash } });
    await blobs.put('precious');
    expect(Buffer.from(await blobs.get(hash)).toString()).toBe('precious');
  });

  it('say so when the disk does not do it', async () => {
    const directory = fresh();
    const blobs = openFileBlobs(directory);
    const hash = sha256('text');
    writeFileSync(join(directory, 'blobs', hash.slice(0, 2)), 'a file where the directory should be');
    await expect(blobs.put('text')).rejects.toMatchObject({ kind: 'fault', code: 'blob.failed' });
    await expect(blobs.get(hash)).rejects.toMatchObject({ kind: 'fault', code: 'blob.failed' });
  });
});
