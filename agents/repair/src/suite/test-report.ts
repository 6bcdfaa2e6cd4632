import { relative, sep } from 'node:path';

/** One test's outcome. `id` names it in every run of the same tree. */
export interface TestResult {
  id: string;
  /** Test file, relative to the suite's root, with `/`. */
  file: string;
  /** Its path through the nested suites, joined by ` > `; empty when the file itself failed. */
  name: string;
  state: 'passed' | 'failed' | 'skipped';
  message: string | null;
}

interface ReportLine {
  file: string;
  path: string[];
  state: TestResult['state'];
  container: boolean;
  message: string | null;
}

/**
 * Reads the lines that the probes' reporters write. Suites and tests that only fail with their children are left out:
 * the children say it. A file that fails on its own (it does not load) is a result without a name.
 */
export function parseReport(text: string, root: string): TestResult[] {
  const seen = new Map<string, number>();
  return text
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as ReportLine)
    .filter((line) => !line.container)
    .map((line) => {
      const file = relative(root, line.file).split(sep).join('/');
      const name = isFileItself(line, file) ? '' : line.path.join(' > ');
      const base = name === '' ? file : `${file} > ${name}`;
      const count = (seen.get(base) ?? 0) + 1;
      seen.set(base, count);
      return { id: count === 1 ? base : `${base} #${count}`, file, name, state: line.state, message: line.message };
    });
}

/** `node --test` names the result of a file by the file, absolute or relative according to its version. */
function isFileItself(line: ReportLine, file: string): boolean {
  const [name] = line.path;
  return name === undefined || (line.path.length === 1 && (name === line.file || name === file));
}
