import { installChromium } from '../tests/support/browser/chromium.ts';

/**
 * `npm run chromium`: says which browser the tests of the page use, and installs Debian's when there is none and who runs
 * this is root on Debian. The exit code is 1 when there is none afterwards.
 */
const { path, missing } = installChromium();
console.log(path ? `The tests of the page use ${path}.` : `There is no browser for the tests of the page: ${missing}.`);
process.exitCode = path ? 0 : 1;
