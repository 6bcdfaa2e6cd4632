import { z } from 'zod';
import { isGlob, NO_GLOB } from '../kernel/glob.ts';
import { splitWords } from '../kernel/words.ts';
import { BUILT_INS, type Check, checkOf, TIME_LIMIT_MS } from './definition.ts';

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const NAME = /^[a-z0-9][a-z0-9_.:-]{0,63}$/i;
const TEXT_MAX = 1000;
const LIST_MAX = 500;

/** `90s`, `5m`, `12h`, `2d`, `500ms`, as milliseconds. */
const duration = z
  .string()
  .regex(/^\d{1,6}(ms|s|m|h|d)$/, 'must be a number and ms, s, m, h or d, e.g. 90s')
  .transform((text) => Number.parseInt(text, 10) * (UNITS_MS[text.replace(/^\d+/, '')] as number));

const words = z.union([z.string().max(TEXT_MAX), z.array(z.string().max(TEXT_MAX)).min(1).max(LIST_MAX)]);
const command = words.transform((given, context): string[] => {
  try {
    return typeof given === 'string' ? splitWords(given) : given;
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});

const text = z.string().min(1).max(TEXT_MAX);
const list = z.array(text).max(LIST_MAX).default([]);
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable');
const within = text
  .refine(
    (path) => !/^\/|(^|\/)\.\.(\/|$)/.test(path.replace(/^!/, '')),
    'must lie in the repository: no leading / and no ..',
  )
  .refine((path) => !path.includes('\0'), 'must not hold a NUL');
const glob = within.refine(isGlob, NO_GLOB);
const tool = z.string().regex(/^[\w.+-]+$/, 'must be the name of a program on the PATH');

const check = z
  .strictObject({
    run: command.optional(),
    builtin: z.enum(BUILT_INS).optional(),
    with: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
    inputs: z
      .strictObject({
        files: z.array(glob).min(1).max(LIST_MAX).optional(),
        env: z.array(variable).max(LIST_MAX).default([]),
        tools: z.array(tool).max(LIST_MAX).default([]),
      })
      .default({ env: [], tools: [] }),
    needs: list,
    when: z.strictObject({ platform: z.union([text.transform((one) => [one]), z.array(text).min(1)]) }).optional(),
    timeLimit: duration.default(TIME_LIMIT_MS),
    repeats: z.int().min(0).max(10).default(0),
    tags: list,
    fix: command.optional(),
    cacheFor: duration.optional(),
    warn: z.boolean().default(false),
    junit: within.optional(),
  })
  .refine(({ run, builtin }) => (run === undefined) !== (builtin === undefined), 'must have either run or builtin')
  .refine(({ builtin, with: told }) => builtin !== 'port_free' || isPort(told.port), {
    message: 'port_free needs a port from 1 to 65535',
    path: ['with'],
  });

function isPort(port: unknown): boolean {
  return Number.isInteger(port) && Number(port) > 0 && Number(port) < 65_536;
}

/** What may stand in a `checks.yaml`. */
export const definitionSchema = z.strictObject({
  checks: z.record(z.string().regex(NAME, 'must be a short word of letters, digits, dot, dash, colon'), check),
  jobs: z.int().min(1).max(256).optional(),
  webhook: z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).optional(),
});

/** A check of a file as the rest sees it. */
export function toCheck(name: string, given: z.output<typeof check>): Check {
  return checkOf({
    name,
    run: given.run ?? null,
    builtin: given.builtin ?? null,
    with: given.with,
    files: given.inputs.files ?? (given.builtin ? [] : ['**']),
    env: given.inputs.env,
    tools: given.inputs.tools,
    needs: given.needs,
    platform: given.when?.platform ?? null,
    timeLimitMs: given.timeLimit,
    repeats: given.repeats,
    tags: given.tags,
    fix: given.fix ?? null,
    cacheForMs: given.cacheFor ?? null,
    warn: given.warn,
    junit: given.junit ?? null,
  });
}
