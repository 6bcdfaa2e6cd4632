import { parseSync } from '@swc/core';
import type { SourceFile } from './source-files.ts';

/**
 * Finds where a file reaches past the ports: a global that knows the time, chance, the environment or the network, or a
 * module that touches disk, programs, terminals or sockets. It reads the syntax tree, so a comment, a template or a type
 * of the same name is no finding. Modules are allowed one by one: what nobody thought of is refused.
 */
const GLOBALS = [
  'Date',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'crypto',
  'process',
  'console',
  'fetch',
  'WebSocket',
  'EventSource',
  'XMLHttpRequest',
  'globalThis',
  'global',
  'require',
  'eval',
  'Function',
];
const MEMBERS = ['Math.random', 'AbortSignal.timeout', 'Atomics.wait', 'import.meta'];
const MODULES = [
  'node:async_hooks',
  'node:buffer',
  'node:crypto',
  'node:events',
  'node:path',
  'node:string_decoder',
  'node:url',
  'node:util',
  'lru-cache',
  'xstate',
  'yaml',
  'zod',
];
/** Of a module that is half pure, the names that are. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'node:crypto': ['createHash', 'createHmac', 'hash', 'timingSafeEqual'],
};

/** How the parser marks a name that the file itself does not declare; a property's name has no mark at all. */
const UNDECLARED = 1;

type Node = { type?: string } & Record<string, unknown>;

/** Each finding once, in words: `Date`, `Math.random`, `import of node:fs`. */
export function aroundPorts({ text, path }: SourceFile): string[] {
  const tree = parseSync(text, { syntax: 'typescript', target: 'es2024' }) as unknown as Node;
  const found = new Set<string>();
  look(tree, found);
  if (tree.type !== 'Module') throw new Error(`${path} could not be read`);
  return [...found];
}

function look(node: unknown, found: Set<string>): void {
  if (Array.isArray(node)) for (const one of node) look(one, found);
  if (!isNode(node) || isType(node)) return;
  if (node.ctxt === UNDECLARED && GLOBALS.includes(String(node.value))) found.add(String(node.value));
  if (node.type === 'MetaProperty') found.add('import.meta');
  if (node.type === 'MemberExpression') member(node, found);
  if (/^(Import|ExportNamed|ExportAll)Declaration$/.test(node.type ?? '')) return declared(node, found);
  if (node.type === 'CallExpression' && isNode(node.callee) && node.callee.type === 'Import') dynamic(node, found);
  for (const inner of Object.values(node)) look(inner, found);
}

function member({ object, property }: Node, found: Set<string>): void {
  if (!isNode(object) || !isNode(property)) return;
  const name = property.type === 'Computed' && isNode(property.expression) ? property.expression.value : property.value;
  const words = `${String(object.value)}.${String(name)}`;
  if (MEMBERS.includes(words)) found.add(words);
}

function declared(node: Node, found: Set<string>): void {
  if (!isNode(node.source) || node.typeOnly === true) return look(node.specifiers, found);
  const source = String(node.source.value);
  if (!source.startsWith('.') && !MODULES.includes(source)) found.add(`import of ${source}`);
  const allowed = NAMES[source];
  if (!allowed) return;
  for (const specifier of Array.isArray(node.specifiers) ? (node.specifiers as Node[]) : [node]) {
    const imported = isNode(specifier.imported) ? specifier.imported : specifier.local;
    const name = specifier.type === 'ImportSpecifier' && isNode(imported) ? String(imported.value) : 'all';
    if (specifier.isTypeOnly !== true && !allowed.includes(name)) found.add(`import of ${name} from ${source}`);
  }
}

function dynamic(node: Node, found: Set<string>): void {
  const [first] = node.arguments as { expression: Node }[];
  const source = first?.expression.type === 'StringLiteral' ? String(first.expression.value) : null;
  if (source === null) found.add('import of a computed name');
  else if (!source.startsWith('.') && !MODULES.includes(source)) found.add(`import of ${source}`);
}

/** Types are gone when the code runs; what merely wraps an expression in a type is not one. */
function isType({ type = '' }: Node): boolean {
  return type.startsWith('Ts') && !/^Ts(As|NonNull|Satisfies|TypeAssertion|ConstAssertion|Instantiation)/.test(type);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}
