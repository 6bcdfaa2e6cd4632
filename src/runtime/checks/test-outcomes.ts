import { isAbsolute, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import type { TestOutcome } from '../runner.ts';

const MESSAGE_CHARS_MAX = 4_000;

interface NodeEvent {
  kind: 'start' | 'pass' | 'fail';
  name: string;
  nesting: number;
  file?: string;
  suite: boolean;
  skipped: boolean;
  failureType?: string;
  message?: string;
}

/**
 * Outcomes from our reporter's lines. A test is named by where it stands, `start` tells the way down to it. What only
 * groups others (a suite, a test with subtests) is left out unless it failed by itself; a file that crashed is one
 * failed outcome named by the file.
 */
export function nodeOutcomes(text: string, root: string): TestOutcome[] {
  const outcomes: TestOutcome[] = [];
  let path: string[] = [];
  let deepest = -1;
  for (const event of parseLines(text)) {
    if (event.kind === 'start') {
      path = [...path.slice(0, event.nesting), event.name];
      continue;
    }
    const groups = deepest > event.nesting;
    deepest = event.nesting;
    path = [...path.slice(0, event.nesting), event.name];
    const ownFailure = event.kind === 'fail' && event.failureType !== 'subtestsFailed';
    if ((groups || event.suite) && !ownFailure) continue;
    outcomes.push(nodeOutcome(event, path, root));
  }
  return numbered(outcomes);
}

function nodeOutcome(event: NodeEvent, path: readonly string[], root: string): TestOutcome {
  const isFile = event.nesting === 0 && looksLikeFile(event, root);
  const file = relativeFile(isFile ? event.name : (event.file ?? ''), root);
  const name = isFile ? file : path.join(' > ');
  const status = event.skipped ? 'skipped' : event.kind === 'pass' ? 'passed' : 'failed';
  return outcome(isFile ? [file] : [file, ...path], file, name, status, event.message);
}

// Node reports a file that crashed, or that holds no test, as a test of the file's name.
function looksLikeFile(event: NodeEvent, root: string): boolean {
  if (isAbsolute(event.name)) return true;
  const file = event.file === undefined ? null : relativeFile(event.file, root);
  return event.name === file || (file === null && /\.[cm]?[jt]sx?$/.test(event.name));
}

function parseLines(text: string): NodeEvent[] {
  const events: NodeEvent[] = [];
  for (const line of text.split('\n')) {
    try {
      if (line) events.push(JSON.parse(line) as NodeEvent);
    } catch {
      // A run that was killed may leave its last line unfinished.
    }
  }
  return events;
}

interface VitestReport {
  testResults?: {
    name: string;
    status: string;
    message?: string;
    assertionResults?: {
      ancestorTitles?: string[];
      title: string;
      status: string;
      failureMessages?: string[] | null;
    }[];
  }[];
}

/** Outcomes from vitest's JSON report. A file without a single test that failed (an import that breaks) is one outcome. */
export function vitestOutcomes(text: string, root: string): TestOutcome[] | null {
  const report = parseReport(text);
  if (!report?.testResults) return null;
  return numbered(
    report.testResults.flatMap((result) => {
      const file = relativeFile(result.name, root);
      const tests = result.assertionResults ?? [];
      const own = tests.map((test) => {
        const path = [...(test.ancestorTitles ?? []), test.title].filter((part) => part !== '');
        return outcome(
          [file, ...path],
          file,
          path.join(' > '),
          statusOf(test.status),
          test.failureMessages?.join('\n'),
        );
      });
      const crashed = result.status === 'failed' && !own.some((test) => test.status === 'failed');
      return crashed ? [...own, outcome([file], file, file, 'failed', result.message)] : own;
    }),
  );
}

function parseReport(text: string): VitestReport | null {
  try {
    return JSON.parse(text) as VitestReport;
  } catch {
    return null;
  }
}

function statusOf(status: string): TestOutcome['status'] {
  if (status === 'passed') return 'passed';
  return status === 'failed' ? 'failed' : 'skipped';
}

function outcome(
  id: readonly string[],
  file: string,
  name: string,
  status: TestOutcome['status'],
  message: string | undefined,
): TestOutcome {
  const text =
    status === 'failed' && message ? stripVTControlCharacters(message).slice(0, MESSAGE_CHARS_MAX) : undefined;
  return { id: id.join(' > '), file, name, status, ...(text !== undefined && { message: text }) };
}

/** Tests of the same name get a number in the order they stand, so that ids are unique. */
function numbered(outcomes: readonly TestOutcome[]): TestOutcome[] {
  const seen = new Map<string, number>();
  return outcomes.map((one) => {
    const n = (seen.get(one.id) ?? 0) + 1;
    seen.set(one.id, n);
    return n === 1 ? one : { ...one, id: `${one.id} #${n}` };
  });
}

function relativeFile(file: string, root: string): string {
  const path = file.startsWith('file://') ? fileURLToPath(file) : file;
  return isAbsolute(path) ? relative(root, path) : path.replace(/^\.\//, '');
}
