/** What the launch form of a template asks, and what becomes of the answers. Pure. */

export interface Parameter {
  name: string;
  type: 'text' | 'number' | 'boolean' | 'agent' | 'command';
  title?: string;
  default: string | number | boolean | null;
  required: boolean;
}

export interface Definition {
  name: string;
  title: string;
  description: string;
  parameters: Parameter[];
  phases: { name: string; goal: string }[];
}

/** As `list_workflow_definitions` answers. */
export type Listed = { name: string } & ({ definition: Definition } | { broken: { code: string; message: string } });

export interface Field {
  /** `params.…` of the template’s own. */
  name: string;
  label: string;
  kind: 'text' | 'long' | 'number' | 'boolean' | 'agent' | 'command';
  start: string | boolean;
  required: boolean;
  help: string;
}

export type Values = Readonly<Record<string, string | boolean>>;

/** Of every template; a parameter of the same name says how it is called there and what it is by default. */
const COMMON: readonly Field[] = [
  field('repository', 'Repository', 'text', 'The whole path of a git repository on the server’s machine.', true),
  field('goal', 'Goal', 'long', 'What is to be reached, in words.', true),
  field('agent', 'Agent', 'agent', 'Left empty: repair.'),
  field('check', 'Check', 'command', 'Left empty: what the repository has is found.'),
];
const LAST: readonly Field[] = [
  field('branch', 'Base branch', 'text', 'Left empty: the one that is checked out.'),
  { ...field('merge', 'Merge a green run into the base branch', 'boolean', ''), start: true },
  { ...field('fromHead', 'Begin at the last commit although tracked files are changed', 'boolean', ''), start: false },
];

function field(name: string, label: string, kind: Field['kind'], help: string, required = false): Field {
  return { name, label, kind, start: '', required, help };
}

export function fieldsOf({ parameters }: Definition): Field[] {
  const own = parameters.filter(({ name }) => !COMMON.some((common) => common.name === name));
  return [...COMMON.map((common) => asNamed(common, parameters)), ...own.map(parameterField), ...LAST];
}

function asNamed(common: Field, parameters: readonly Parameter[]): Field {
  const known = parameters.find(({ name }) => name === common.name);
  if (!known) return common;
  return { ...common, label: known.title ?? common.label, start: String(known.default ?? '') };
}

function parameterField({ name, type, title, default: otherwise, required }: Parameter): Field {
  const start = type === 'boolean' ? otherwise === true : String(otherwise ?? '');
  return { name: `params.${name}`, label: title ?? name, kind: type, start, required, help: '' };
}

export function startValues(fields: readonly Field[]): Values {
  return Object.fromEntries(fields.map(({ name, start }) => [name, start]));
}

/** What a run was started with, for another one like it. */
export interface Earlier {
  repository: { path: string; baseBranch: string };
  goal: string;
  agent: string;
  check: string | null;
  merge: boolean;
  params: Record<string, unknown>;
}

export function valuesOf(earlier: Earlier, fields: readonly Field[]): Values {
  const { repository, goal, agent, check, merge, params } = earlier;
  const given: Record<string, unknown> = {
    ...{ repository: repository.path, branch: repository.baseBranch, goal, agent, check, merge },
    ...Object.fromEntries(Object.entries(params).map(([name, value]) => [`params.${name}`, value])),
  };
  const said = ({ name, kind, start }: Field) => {
    const value = given[name];
    if (kind === 'boolean') return typeof value === 'boolean' ? value : start;
    return value === undefined ? start : String(value ?? '');
  };
  return Object.fromEntries(fields.map((field) => [field.name, said(field)]));
}

/** What is wrong by itself, by field; the server judges the rest. */
export function problemsOf(fields: readonly Field[], values: Values): Record<string, string> {
  const problems: Record<string, string> = {};
  for (const { name, kind, required } of fields) {
    const value = values[name];
    if (typeof value !== 'string') continue;
    const text = value.trim();
    if (required && text === '') problems[name] = 'This is needed.';
    if (kind === 'number' && text !== '' && !Number.isFinite(Number(text))) problems[name] = 'This is a number.';
  }
  const repository = String(values.repository ?? '').trim();
  if (repository !== '' && !repository.startsWith('/'))
    problems.repository = 'Write the whole path: the server does not know in which folder you are.';
  return problems;
}

/** The input of `start_workflow`. What was left empty is left out. */
export function inputOf(workflow: string, fields: readonly Field[], values: Values): Record<string, unknown> {
  const params: Record<string, unknown> = {};
  const input: Record<string, unknown> = { workflow, params };
  for (const { name, kind } of fields) {
    const value = values[name];
    const given = typeof value === 'string' ? value.trim() : value;
    if (given === '' || given === undefined) continue;
    const said = kind === 'number' ? Number(given) : given;
    if (name.startsWith('params.')) params[name.slice('params.'.length)] = said;
    else input[name] = said;
  }
  return input;
}

const BY_CODE: readonly [RegExp, string][] = [
  [/^repository\.(no_branch|bad_name)$/, 'branch'],
  [/^repository\.dirty$/, 'fromHead'],
  [/^repository\./, 'repository'],
  [/^agent\./, 'agent'],
  [/^check\./, 'check'],
  [/^best\.(bad_score|unknown_scorer)$/, 'params.score'],
];

/** The field that a refusal is about; null: it is about the whole. */
export function fieldOfRefusal(
  { code, details }: { code: string; details?: Readonly<Record<string, unknown>> | undefined },
  fields: readonly Field[],
): string | null {
  const [issue] = (details?.issues ?? []) as unknown[];
  const named = [
    ...(typeof details?.parameter === 'string' ? [`params.${details.parameter}`, details.parameter] : []),
    ...(typeof issue === 'string' ? [issue.slice(0, Math.max(0, issue.indexOf(':')))] : []),
    ...BY_CODE.filter(([pattern]) => pattern.test(code)).map(([, name]) => name),
  ];
  return named.find((name) => fields.some((one) => one.name === name)) ?? null;
}
