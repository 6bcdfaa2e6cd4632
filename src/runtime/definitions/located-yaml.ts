import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';

/** A mistake at a place that a person can go to. */
export interface Mistake {
  /** `<file>:<line>:<column>`, both from 1. */
  where: string;
  message: string;
}

type Path = readonly PropertyKey[];

/** A piece of YAML that knows where each of its values stands. */
export interface LocatedYaml {
  /** Undefined when there are mistakes. */
  value: unknown;
  mistakes: Mistake[];
  /** Where the value at the path stands, else where the nearest thing around it does. */
  at(path: Path): string;
  /** Where the key itself stands. */
  atKey(path: Path, key: string): string;
}

/** `firstLine`: the line of the file that the text begins at, from 1. */
export function locateYaml(file: string, text: string, firstLine = 1): LocatedYaml {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, strict: true, uniqueKeys: true });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${Math.max(line, 1) + firstLine - 1}:${Math.max(col, 1)}`;
  };
  const mistakes = [...document.errors, ...document.warnings].map((error) => ({
    where: place(error.pos[0]),
    message: error.message,
  }));
  const nodeAt = (path: Path) => nearest(document, path)?.range?.[0] ?? 0;
  return {
    // The limit ends a bomb of aliases.
    value: mistakes.length > 0 ? undefined : document.toJS({ maxAliasCount: 100 }),
    mistakes,
    at: (path) => place(nodeAt(path)),
    atKey(path, key) {
      const map = document.getIn([...path], true);
      const pair = isMap(map) && map.items.find((item) => isScalar(item.key) && item.key.value === key);
      return place(pair && isScalar(pair.key) ? (pair.key.range?.[0] ?? 0) : nodeAt(path));
    },
  };
}

function nearest(document: Document.Parsed, path: Path) {
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node)) return node;
  }
  return null;
}
