import { beforeAll, expect, it, vi } from 'vitest';
import type { KeyAction } from './keys.ts';

/** What the table's actions need is looked at when they are loaded: an address, a browser, a socket. */
let keys: readonly KeyAction[];
beforeAll(async () => {
  vi.stubGlobal('location', { pathname: '/', search: '', origin: 'http://page', href: 'http://page/' });
  vi.stubGlobal('window', { addEventListener: () => {} });
  vi.stubGlobal('document', { hidden: false, addEventListener: () => {}, documentElement: { dataset: {} } });
  vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => {}, removeItem: () => {} });
  keys = (await import('./keys.ts')).KEYS;
});

it('gives each key to one action, and begins no sequence with a key that acts by itself', () => {
  const all = keys.map((line) => line.keys);
  expect(all.filter((one, n) => all.indexOf(one) !== n)).toEqual([]);
  const begun = new Set(all.filter((one) => one.includes(' ')).map((one) => one.split(' ')[0]));
  expect(all.filter((one) => begun.has(one))).toEqual([]);
});
