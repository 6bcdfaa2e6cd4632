import { sha256 } from '../../kernel/canonical.ts';
import { HephError } from '../../kernel/errors.ts';
import type { BlobStore } from '../blob-store.ts';

/** Blobs in memory, for tests and simulation. */
export function createMemoryBlobs(): BlobStore {
  const blobs = new Map<string, Uint8Array>();
  return {
    async put(given) {
      const bytes = Buffer.from(given as Uint8Array);
      const hash = sha256(bytes);
      blobs.set(hash, bytes);
      return hash;
    },
    async get(hash) {
      const bytes = blobs.get(hash);
      if (!bytes) throw new HephError('blob.not_found', `no blob has the hash ${hash.slice(0, 64)}`);
      return Uint8Array.from(bytes);
    },
    has: async (hash) => blobs.has(hash),
  };
}
