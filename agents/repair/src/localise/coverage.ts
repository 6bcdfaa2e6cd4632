import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lineStarts, type Mapping, readMappings } from './source-map.ts';

/** Characters `[start, end)` of a file. */
export type Range = readonly [start: number, end: number];

/** What ran during one test, or outside the tests of one test file. */
export interface Trace {
  testFile: string;
  /** The test's name within its file; null for what ran outside every test (loading, hooks). */
  test: string | null;
  ran: Map<string, Range[]>;
}

export interface SeenFunction {
  /** Empty for one without a name. */
  name: string;
  range: Range;
}

export interface Coverage {
  traces: Trace[];
  /** Functions seen in each source file, whole-module ones left out. */
  functions: Map<string, SeenFunction[]>;
  texts: Map<string, string>;
}

interface CoverageLine {
  process: string;
  script?: string;
  source?: string;
  file?: string;
  test?: string | null;
  scripts?: { scriptId: string; url: string; functions: RawFunction[] }[];
}

interface RawFunction {
  name: string;
  ranges: [start: number, end: number, ran: 0 | 1][];
}

/**
 * Turns the recorder's lines into ranges of the sources in `directory` that `wanted` accepts. Scripts that a loader
 * transformed go through their source maps.
 */
export function readCoverage(lines: readonly string[], directory: string, wanted: (file: string) => boolean): Coverage {
  const parsed = lines.map((line) => JSON.parse(line) as CoverageLine);
  const sources = new Map<string, string>();
  for (const line of parsed) if (line.script) sources.set(`${line.process}/${line.script}`, line.source ?? '');
  const coverage: Coverage = { traces: [], functions: new Map(), texts: new Map() };
  const maps = new Map<string, Mapping[] | null>();

  const textOf = (file: string): string => {
    const text = coverage.texts.get(file) ?? readFileSync(join(directory, file), 'utf8');
    coverage.texts.set(file, text);
    return text;
  };
  const mapOf = (key: string, file: string): Mapping[] | null => {
    const found = maps.get(key);
    if (found !== undefined) return found;
    const source = sources.get(key);
    const map = source === undefined ? null : readMappings(source, textOf(file));
    maps.set(key, map);
    return map;
  };

  for (const line of parsed) {
    if (!line.scripts || line.file === undefined) continue;
    const ran = new Map<string, Range[]>();
    for (const { scriptId, url, functions } of line.scripts) {
      const file = fileOf(url, directory);
      if (!wanted(file)) continue;
      const key = `${line.process}/${scriptId}`;
      const map = mapOf(key, file);
      const end = Math.max(...functions.flatMap(({ ranges }) => ranges.map(([, last]) => last)));
      const bitmap = paint(functions, end);
      ran.set(file, union(ran.get(file) ?? [], map ? mappedRanges(bitmap, map, textOf(file)) : rangesOf(bitmap)));
      noteFunctions(coverage, file, functions, map, textOf(file));
    }
    coverage.traces.push({ testFile: fileOf(line.file, directory), test: line.test ?? null, ran });
  }
  return coverage;
}

function fileOf(url: string, directory: string): string {
  const path = url.startsWith('file://') ? fileURLToPath(url) : url;
  return relative(directory, path).split(sep).join('/');
}

/** Inner ranges lie later in V8's answer and win over the outer ones. */
function paint(functions: readonly RawFunction[], length: number): Uint8Array {
  const bitmap = new Uint8Array(length);
  const edge = (one: RawFunction, n: 0 | 1) => one.ranges[0]?.[n] ?? 0;
  const outerFirst = [...functions].sort((a, b) => edge(a, 0) - edge(b, 0) || edge(b, 1) - edge(a, 1));
  for (const { ranges } of outerFirst) for (const [start, end, ran] of ranges) bitmap.fill(ran, start, end);
  return bitmap;
}

function rangesOf(bitmap: Uint8Array): Range[] {
  const ranges: Range[] = [];
  for (let start = bitmap.indexOf(1); start >= 0; ) {
    const zero = bitmap.indexOf(0, start);
    const end = zero < 0 ? bitmap.length : zero;
    ranges.push([start, end]);
    start = bitmap.indexOf(1, end);
  }
  return ranges;
}

/** Each mapping stands for the original text up to the next one. */
function mappedRanges(bitmap: Uint8Array, map: readonly Mapping[], original: string): Range[] {
  const ranges: Range[] = [];
  for (const [n, { generated, original: start }] of map.entries()) {
    const end = map[n + 1]?.original ?? original.length;
    if (bitmap[generated] === 1 && end > start) ranges.push([start, end]);
  }
  return union(ranges, []);
}

/** The ranges of both, ordered and without overlaps. */
export function union(a: readonly Range[], b: readonly Range[]): Range[] {
  const merged: [number, number][] = [];
  for (const [start, end] of [...a, ...b].sort((x, y) => x[0] - y[0])) {
    const last = merged.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  return merged;
}

/** Whether the character at `offset` lies in one of the ordered ranges. */
export function contains(ranges: readonly Range[] | undefined, offset: number): boolean {
  let [low, high] = [0, (ranges?.length ?? 0) - 1];
  while (ranges && low <= high) {
    const middle = (low + high) >> 1;
    const [start, end] = ranges[middle] as Range;
    if (offset < start) high = middle - 1;
    else if (offset >= end) low = middle + 1;
    else return true;
  }
  return false;
}

function noteFunctions(
  coverage: Coverage,
  file: string,
  functions: readonly RawFunction[],
  map: Mapping[] | null,
  text: string,
): void {
  const known = coverage.functions.get(file) ?? [];
  for (const { name, ranges } of functions) {
    const [whole] = ranges;
    if (!whole) continue;
    const range = map ? originalRange(whole[0], whole[1], map) : ([whole[0], whole[1]] as const);
    if (!range || range[0] === 0 || range[1] - range[0] >= text.length) continue;
    if (!known.some((one) => one.range[0] === range[0] && one.range[1] === range[1])) known.push({ name, range });
  }
  coverage.functions.set(file, known);
}

function originalRange(start: number, end: number, map: readonly Mapping[]): Range | null {
  const inside = map.filter(({ generated }) => generated >= start && generated < end).map(({ original }) => original);
  return inside.length < 2 ? null : [Math.min(...inside), Math.max(...inside) + 1];
}

/** The line (from 1) of an offset. */
export function lineOf(text: string, offset: number): number {
  const starts = lineStarts(text);
  const next = starts.findIndex((start) => start > offset);
  return next < 0 ? starts.length : next;
}
