/** A position in generated code and the one in the original file it came from; offsets in characters. */
export interface Mapping {
  generated: number;
  original: number;
}

const MAP_COMMENT = /\/\/[#@] sourceMappingURL=data:application\/json[^,\n]*;base64,([A-Za-z0-9+/=]+)/g;
/** The function that vite puts around a module, on the module's own first line. */
const VITE_WRAPPER = /^'use strict';async \([^)]*\)=>\{\{/;

/** The mappings of a transformed script with an inline source map, ordered by original position; null without one. */
export function readMappings(script: string, original: string): Mapping[] | null {
  const encoded = [...script.matchAll(MAP_COMMENT)].at(-1)?.[1];
  if (encoded === undefined) return null;
  const map = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) as { mappings: string };
  const generatedStarts = lineStarts(script);
  const originalStarts = lineStarts(original);
  generatedStarts[0] = VITE_WRAPPER.exec(script)?.[0].length ?? 0;
  const mappings: Mapping[] = [];
  for (const [line, column, originalLine, originalColumn] of decode(map.mappings)) {
    const generated = generatedStarts[line];
    const start = originalStarts[originalLine];
    if (generated === undefined || start === undefined) continue;
    mappings.push({ generated: generated + column, original: start + originalColumn });
  }
  return mappings.sort((a, b) => a.original - b.original || a.generated - b.generated);
}

/** Offset of the first character of each line. */
export function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

const DIGITS = new Map([...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].map((c, n) => [c, n]));

/** Base-64 VLQ, as in the source map specification (version 3); all numbers are differences to the one before. */
function* decode(
  mappings: string,
): Generator<[line: number, column: number, originalLine: number, originalColumn: number]> {
  let [originalLine, originalColumn] = [0, 0];
  for (const [line, segments] of mappings.split(';').entries()) {
    let column = 0;
    for (const segment of segments.split(',')) {
      const [columnStep, source, lineStep, originalStep] = numbers(segment);
      if (columnStep === undefined) continue;
      column += columnStep;
      if (source === undefined) continue;
      originalLine += lineStep ?? 0;
      originalColumn += originalStep ?? 0;
      yield [line, column, originalLine, originalColumn];
    }
  }
}

function numbers(segment: string): number[] {
  const found: number[] = [];
  let value = 0;
  let shift = 0;
  for (const char of segment) {
    const digit = DIGITS.get(char) ?? 0;
    value += (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    found.push(value & 1 ? -(value >> 1) : value >> 1);
    value = 0;
    shift = 0;
  }
  return found;
}
