import { z } from 'zod';

/** The part of JSON Schema that our schemas use. */
export interface Shape {
  type?: string | string[];
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Shape[];
  items?: Shape;
  properties?: Record<string, Shape>;
  additionalProperties?: Shape | boolean;
  required?: string[];
  minimum?: number;
  maximum?: number;
}

export interface Field {
  name: string;
  shape: Shape;
  required: boolean;
}

/** What a reader may write, when `side` is input; what is stored, when it is output. */
export function shapeOf(schema: z.ZodType, side: 'input' | 'output'): Shape {
  return z.toJSONSchema(schema, { io: side }) as Shape;
}

export function fieldsOf(shape: Shape): Field[] {
  return Object.entries(shape.properties ?? {}).map(([name, inner]) => ({
    name,
    shape: inner,
    required: shape.required?.includes(name) ?? false,
  }));
}

/** A type in words: `integer 1–200`, `text or null`, `list of text`, `passed | failed`. */
export function words(shape: Shape): string {
  if (shape.enum) return shape.enum.map(String).join(' | ');
  if (shape.const !== undefined) return String(shape.const);
  if (shape.anyOf) return shape.anyOf.map(words).join(' or ');
  if (Array.isArray(shape.type)) return shape.type.map((type) => words({ ...shape, type })).join(' or ');
  switch (shape.type) {
    case 'string':
      return 'text';
    case 'integer':
    case 'number':
      return `${shape.type}${range(shape)}`;
    case 'array':
      return `list of ${words(shape.items ?? {})}`;
    case 'object':
      return shape.properties ? 'object' : `map of ${words(restOf(shape))} by name`;
    default:
      return shape.type ?? 'anything';
  }
}

/** What a map's values are. */
export function restOf(shape: Shape): Shape {
  return typeof shape.additionalProperties === 'object' ? shape.additionalProperties : {};
}

function range({ minimum, maximum }: Shape): string {
  const low = minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? null : minimum;
  const high = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? null : maximum;
  if (low === null && high === null) return '';
  if (high === null) return ` ≥ ${low}`;
  return low === null ? ` ≤ ${high}` : ` ${low}–${high}`;
}
