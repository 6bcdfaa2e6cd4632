/**
 * A reporter for `node --test`, as the text of a module: it is written beside the results and loaded by the user's Node
 * (20 and later), not by ours. It appends one JSON line per event to the file that HEPH_TEST_RESULTS names; several
 * test runs of one command add up.
 */
export const NODE_TEST_REPORTER = `import { appendFileSync } from 'node:fs';

const KINDS = { 'test:start': 'start', 'test:pass': 'pass', 'test:fail': 'fail' };
const MESSAGE_CHARS_MAX = 4000;

export default async function* report(source) {
  const file = process.env.HEPH_TEST_RESULTS;
  for await (const { type, data } of source) {
    const kind = KINDS[type];
    if (!kind || !file) continue;
    const error = data.details?.error;
    const cause = error?.cause;
    const message = typeof cause === 'string' ? cause : (cause?.message ?? error?.message);
    appendFileSync(file, JSON.stringify({
      kind,
      name: String(data.name),
      nesting: data.nesting,
      file: data.file,
      suite: data.details?.type === 'suite',
      skipped: data.skip !== undefined || data.todo !== undefined,
      failureType: error?.failureType,
      message: message === undefined ? undefined : String(message).slice(0, MESSAGE_CHARS_MAX),
    }) + '\\n');
  }
}
`;
