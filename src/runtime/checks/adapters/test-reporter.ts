import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResultFiles } from '../instrument.ts';
import { NODE_TEST_REPORTER } from '../node-test-reporter.ts';

/** Lays the reporter beside a run, and says where each runner shall write its single results. */
export async function layReporter(scratch: string): Promise<ResultFiles> {
  const reporter = join(scratch, 'node-test-reporter.mjs');
  await writeFile(reporter, NODE_TEST_REPORTER, { mode: 0o600 });
  return {
    reporter,
    nodeResults: join(scratch, 'node.ndjson'),
    nodeUnused: join(scratch, 'unused'),
    vitestResults: join(scratch, 'vitest.json'),
  };
}

/** The scripts of a package's manifest; none when there is no manifest, or none that can be read. */
export async function scriptsOf(root: string): Promise<Record<string, string>> {
  try {
    const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts?: object } | null;
    const entries = Object.entries(manifest?.scripts ?? {});
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch {
    return {};
  }
}
