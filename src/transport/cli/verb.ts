import { z } from 'zod';

/**
 * A verb of the CLI as plain data, made from the definition of a command or a query. The packed build holds the whole
 * table as JSON, so that a verb starts without loading a schema library or a chart.
 */
export interface Verb {
  kind: 'command' | 'query';
  /** On the wire: `cancel_task`. */
  name: string;
  /** As typed: `['task', 'cancel']`. */
  path: string[];
  /** The fields that are given by their place, in order. */
  positionals: string[];
  fields: Field[];
  summary: string;
  example: string | null;
}

export interface Field {
  /** On the wire: `workflowId`. */
  name: string;
  /** As typed: `--workflow-id`. */
  flag: string;
  type: 'text' | 'number' | 'boolean' | 'json';
  required: boolean;
  default: unknown;
  choices: string[] | null;
  description: string;
}

interface Definition {
  summary: string;
  schema: z.ZodType;
  cli?: string;
  example?: string;
}

interface JsonSchema {
  type?: string | string[];
  anyOf?: JsonSchema[];
  enum?: unknown[];
  default?: unknown;
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
}

/** The verbs of a table of definitions; those without `cli` have none. */
export function describeVerbs(kind: Verb['kind'], table: Iterable<readonly [string, Definition]>): Verb[] {
  return [...table].flatMap(([name, definition]) =>
    definition.cli ? [describeVerb(kind, name, definition.cli, definition)] : [],
  );
}

function describeVerb(kind: Verb['kind'], name: string, cli: string, definition: Definition): Verb {
  const words = cli.trim().split(/\s+/);
  const positionals = words.filter((word) => /^[<[]/.test(word)).map((word) => word.slice(1, -1));
  const schema = z.toJSONSchema(definition.schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  return {
    kind,
    name,
    path: words.filter((word) => !/^[<[]/.test(word)),
    positionals,
    fields: Object.entries(schema.properties ?? {}).map(([field, part]) =>
      describeField(field, part, schema.required ?? []),
    ),
    summary: definition.summary,
    example: definition.example ?? null,
  };
}

function describeField(name: string, schema: JsonSchema, required: string[]): Field {
  // `.nullable()` is a choice of two; null itself is not typed, it is what leaving the flag out means.
  const part = schema.anyOf?.find((one) => one.type !== 'null') ?? schema;
  const types: Record<string, Field['type']> = {
    string: 'text',
    number: 'number',
    integer: 'number',
    boolean: 'boolean',
  };
  const choices = part.enum?.every((one) => typeof one === 'string') ? (part.enum as string[]) : null;
  return {
    name,
    flag: `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    type: choices ? 'text' : (types[typeName(part)] ?? 'json'),
    required: required.includes(name),
    default: schema.default ?? null,
    choices,
    description: schema.description ?? part.description ?? '',
  };
}

function typeName({ type }: JsonSchema): string {
  return (Array.isArray(type) ? type.find((one) => one !== 'null') : type) ?? '';
}
