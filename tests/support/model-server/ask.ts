/** A tool that the client offers. `server` is the MCP server it belongs to, where the protocol says so. */
export interface Tool {
  name: string;
  server: string | null;
  /** `custom` takes free text instead of an object. */
  kind: 'function' | 'custom';
  /** The names of its arguments with their JSON types. */
  properties: Readonly<Record<string, { type?: string }>>;
  required: readonly string[];
}

/** What a client asks of its model, whichever protocol it speaks. */
export interface Ask {
  /** What stands above the conversation. */
  instructions: string;
  /** Whether the answer is to have a schema. */
  schema: boolean;
  /** The last words of the user's. */
  prompt: string;
  /** What the tools answered since, oldest first. Their number is the step: the server itself remembers nothing. */
  results: readonly string[];
  tools: readonly Tool[];
}

export interface Call {
  tool: Tool;
  /** Of a custom tool: `input`. */
  arguments: Readonly<Record<string, unknown>>;
}

/** What the model says to it. */
export type Say =
  | { say: 'text'; text: string }
  | { say: 'call'; call: Call }
  | { say: 'error'; status: number; message: string; retryAfter?: string }
  /** Text without end, until the client has gone. */
  | { say: 'endless' };

/** What a model does. The address of a request names its story: `http://…/<story>/v1/…`. */
export interface Story {
  tell(ask: Ask): Say;
  /** Between two pieces of a text. */
  pauseMs: number;
}

/** One protocol: which requests are its own, how they are read, and how an answer is put. */
export interface Wire {
  name: string;
  path: RegExp;
  read(body: Record<string, unknown>): Ask;
  /** Server-sent events, in their order; `pieces` yields the text as it becomes due. */
  events(say: Extract<Say, { say: 'text' | 'call' | 'endless' }>, pieces: AsyncIterable<string>): AsyncIterable<string>;
  /** The same in one piece, where the protocol is spoken so. */
  whole?(text: string): unknown;
  error(status: number, message: string): unknown;
}

/** JSON of a protocol that is not ours: looked into, not believed. */
export type Loose = Record<string, unknown>;

export const list = (value: unknown): Loose[] => (Array.isArray(value) ? (value as Loose[]) : []);
export const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The words of a content that is a string or a list of parts. */
export function wordsOf(content: unknown): string {
  return typeof content === 'string'
    ? content
    : list(content)
        .map((part) => text(part.text))
        .join('\n');
}

/** A tool's argument names, from its JSON schema. */
export function schemaOf(schema: unknown): Pick<Tool, 'properties' | 'required'> {
  const { properties, required } = (schema ?? {}) as Loose;
  return {
    properties: (properties ?? {}) as Tool['properties'],
    required: Array.isArray(required) ? (required as string[]) : [],
  };
}

/** One server-sent event. */
export function event(data: unknown, name?: string): string {
  return `${name ? `event: ${name}\n` : ''}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
}

/** The step of a conversation told as turns: everything after the user's last words. */
export function sinceUser(
  turns: readonly { user: string | null; results: readonly string[] }[],
): Pick<Ask, 'prompt' | 'results'> {
  const at = turns.findLastIndex(({ user }) => user !== null);
  return { prompt: turns[at]?.user ?? '', results: turns.slice(at + 1).flatMap(({ results }) => results) };
}
