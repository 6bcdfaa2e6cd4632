import type { Coverage, Range } from '../../src/localise/coverage.ts';
import { type Observation, observe } from '../../src/localise/spectrum.ts';
import type { TestResult } from '../../src/suite/test-report.ts';

/** Functions of one line each, in files; a test is its outcome and the functions it calls (`file.fn`). */
export function imagine(
  files: Record<string, string[]>,
  tests: Record<string, { state: 'passed' | 'failed'; calls: string[] }>,
): { observations: Observation[]; coverage: Coverage } {
  const coverage: Coverage = { traces: [], functions: new Map(), texts: new Map() };
  const places = new Map<string, { file: string; range: Range }>();
  for (const [file, names] of Object.entries(files)) {
    let text = 'head\n';
    const functions = [];
    for (const name of names) {
      const start = text.length;
      text += `function ${name}() {}\n`;
      const range = [start, text.length - 1] as const;
      functions.push({ name, range });
      places.set(`${file}.${name}`, { file, range });
    }
    coverage.texts.set(file, text);
    coverage.functions.set(file, functions);
  }
  const results: TestResult[] = [];
  for (const [name, { state, calls }] of Object.entries(tests)) {
    const ran = new Map<string, Range[]>();
    for (const call of calls) {
      const { file, range } = places.get(call) as { file: string; range: Range };
      ran.set(
        file,
        [...(ran.get(file) ?? []), range].sort((a, b) => a[0] - b[0]),
      );
    }
    results.push({ id: `t.test.js > ${name}`, file: 't.test.js', name, state, message: null });
    coverage.traces.push({ testFile: 't.test.js', test: name, ran });
  }
  return { observations: observe(results, coverage), coverage };
}
