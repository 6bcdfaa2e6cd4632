import { literal, type Part, type Pattern, some, word } from './redact-regex.ts';

const TOKEN_CHAR = '[A-Za-z0-9_\\-]';
const SPACE = '\\s';
const VALUE_CHARS_MIN = 6;
/** A form that is shorter says too little. */
const FORM_CHARS_MIN = 8;

/** What looks like a secret of a well-known kind. */
export const secretPatterns: readonly Pattern[] = [
  // Old encrypted keys have headers with single hyphens; two of them can only be the end.
  privateKey([some('(?:[^-]|-(?!-))', 0, 16_384), ...literal('-----END '), ...keyName()]),
  // A key that was cut off: everything that can belong to it.
  privateKey([some('[A-Za-z0-9+/=\\s\\\\]', 0)]),
  token('hph_', some('[ao]', 1, 1), ...literal('_'), some(TOKEN_CHAR, 8)),
  // The streams of our own tasks are named `task-tsk_…`.
  token('sk', some('-(?!tsk_)', 1, 1), some(TOKEN_CHAR, 16)),
  token('gh', some('[pousr]', 1, 1), ...literal('_'), some('[A-Za-z0-9]', 20)),
  token('github_pat_', some('[A-Za-z0-9_]', 20)),
  token('glpat-', some(TOKEN_CHAR, 16)),
  token('npm_', some('[A-Za-z0-9]', 30)),
  token('xox', some('[abeoprs]', 1, 1), ...literal('-'), some(TOKEN_CHAR, 10)),
  token('AIza', some(TOKEN_CHAR, 30)),
  token('A', some('[KS]', 1, 1), ...literal('IA'), some('[0-9A-Z]', 16)),
  // The three parts of a JSON web token.
  token('eyJ', some(TOKEN_CHAR, 8), ...literal('.'), some(TOKEN_CHAR, 8), ...literal('.'), some(TOKEN_CHAR, 8)),
  { parts: [...word('bearer'), some(SPACE, 1, 4), some('[A-Za-z0-9._~+/=\\-]', 8)], keep: 7 },
  { parts: [...word('basic'), some(SPACE, 1, 4), some('[A-Za-z0-9+/=]', 12)], keep: 6 },
  addressPassword(),
  ...[
    'password',
    'passwd',
    'passphrase',
    'secret',
    'api_key',
    'apikey',
    'access_key',
    'access_token',
    'auth_token',
  ].map(assignment),
];

/** Names of members whose text is a secret whatever it looks like. */
export const ASSIGNED_NAME =
  /^(?:.*[_-])?(?:password|passwd|passphrase|secret|client_?secret|api[_-]?key|access[_-]?key|access[_-]?token|auth[_-]?token|private[_-]?key|authorization)$/i;

/** The known values in every form they are likely to be written in. */
export function valueForms(values: readonly string[]): string[] {
  const forms = new Set<string>();
  for (const value of values) {
    if (value.length < VALUE_CHARS_MIN) continue;
    for (const form of [value, encodeURIComponent(value.toWellFormed()), JSON.stringify(value).slice(1, -1)])
      forms.add(form);
    for (const encoding of ['base64', 'base64url'] as const) forms.add(Buffer.from(value).toString(encoding));
    for (const form of base64Forms(value)) if (form.length >= FORM_CHARS_MIN) forms.add(form);
  }
  return [...forms];
}

/**
 * As it looks within a longer text that was encoded as a whole: depending on where it lies, one of three. Characters that
 * hold bits of the neighbours are left out.
 */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value);
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const end = Math.floor(((before + bytes.length) * 8) / 6);
    const form = text.slice(Math.ceil((before * 8) / 6), end);
    return [form, form.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

function token(start: string, ...rest: Part[]): Pattern {
  return { parts: [...literal(start), ...rest] };
}

function privateKey(rest: Part[]): Pattern {
  return { parts: [...literal('-----BEGIN '), ...keyName(), ...rest] };
}

function keyName(): Part[] {
  return [some('[A-Z0-9 ]', 0, 40), ...literal('PRIVATE KEY-----')];
}

/** `://user:password@` */
function addressPassword(): Pattern {
  const parts = [
    ...literal('://'),
    some('[^\\s/:@"\'`]', 0, 64),
    ...literal(':'),
    some('[^\\s/@"\'`]', 1, 256),
    ...literal('@'),
  ];
  return { parts, keep: 5, keepEnd: '@' };
}

/** `password=…`, `"password": "…"`, `PASSWORD='…`. */
function assignment(name: string): Pattern {
  const quotes = some('["\'`\\\\]', 0, 2);
  const kept = [...word(name), quotes, some(SPACE, 0, 4), some('[:=]', 1, 1), some(SPACE, 0, 4), quotes];
  return { parts: [...kept, some('[^\\s"\'`,;&(){}\\[\\]<>\\\\]', 6)], keep: kept.length };
}
