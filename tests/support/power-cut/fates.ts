import type { Fate } from './inode.ts';

const SECTOR_BYTES = 512;

/** The ways in which a power cut is known to end: nothing more, some whole writes, some sectors of writes. */
export const FATES = {
  'all dropped': () => ({ keeps: () => false, pieces: () => [] }),
  'some writes': (random: () => number) => {
    const share = random();
    const keeps = () => random() < share;
    return { keeps, pieces: (offset, bytes) => (keeps() ? [{ offset, bytes }] : []) };
  },
  'some sectors': (random: () => number) => {
    const share = random();
    const keeps = () => random() < share;
    return { keeps, pieces: (offset, bytes) => sectors(offset, bytes).filter(keeps) };
  },
} satisfies Record<string, (random: () => number) => Fate>;

/** A write, cut where the sectors of the disk end. */
function sectors(offset: number, bytes: Buffer): { offset: number; bytes: Buffer }[] {
  const found: { offset: number; bytes: Buffer }[] = [];
  for (let at = offset; at < offset + bytes.length; ) {
    const next = Math.min(offset + bytes.length, (Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES);
    found.push({ offset: at, bytes: bytes.subarray(at - offset, next - offset) });
    at = next;
  }
  return found;
}
