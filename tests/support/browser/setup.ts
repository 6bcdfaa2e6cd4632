import packed from '../packed.ts';
import { findChromium } from './chromium.ts';

/** Says where everybody sees it that there is no browser, and builds the package only when there is one. */
export default function setup(): (() => void) | undefined {
  const { missing } = findChromium();
  if (!missing) return packed();
  console.log(`\nNOT RUN: the tests of the page, tests/browser/: ${missing}.\n`);
  return undefined;
}
