import { secretPatterns, valueForms } from './redact-patterns.ts';
import { type Compiled, compile, REDACTED } from './redact-regex.ts';
import { createValueFinder } from './redact-values.ts';

/**
 * Where the secrets of a text are. Two searches side by side: shapes by regular expressions, which are the same for
 * everybody and compiled once in a process; known values without any, so that to know others costs next to nothing.
 */
export interface SecretSearch {
  /**
   * Goes through one text: called with places that never fall, it answers the first secret from there on. Of a known value
   * and a shape that begin at the same place it is the value.
   */
  among(text: string): (from: number) => Secret | null;
  /** Where, at or after `from`, the text's end may lie within a secret; the text's end when nowhere. */
  open(text: string, from: number): number;
}

export interface Secret {
  index: number;
  length: number;
  /** What to put in its place. */
  replacement: string;
}

export function createSecretSearch(values: readonly string[]): SecretSearch {
  const known = createValueFinder(valueForms(values));
  const shapes = secretShapes();

  const valueFrom = (text: string, from: number): Secret | null => {
    const found = known.find(text, from);
    return found && { ...found, replacement: REDACTED };
  };

  const shapeFrom = (text: string, from: number): Secret | null => {
    shapes.full.lastIndex = from;
    const match = shapes.full.exec(text);
    return match && { index: match.index, length: match[0].length, replacement: shapes.replacement(match.groups) };
  };

  return {
    among(text) {
      let value = valueFrom(text, 0);
      let shape = shapeFrom(text, 0);
      return (from) => {
        if (value && value.index < from) value = valueFrom(text, from);
        if (shape && shape.index < from) shape = shapeFrom(text, from);
        return !shape || (value && value.index <= shape.index) ? value : shape;
      };
    },
    open(text, from) {
      shapes.partial.lastIndex = from;
      return Math.min(known.open(text, from), shapes.partial.exec(text)?.index ?? text.length);
    },
  };
}

let compiled: Compiled | null = null;

/** Compiled when the first one asks: most programs that import this never do. */
function secretShapes(): Compiled {
  compiled ??= compile(secretPatterns);
  return compiled;
}
