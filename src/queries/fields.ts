import { z } from 'zod';
import { type Failure, invalid, isFailure } from '../kernel/errors.ts';
import { type NamedKind, resolveId } from '../kernel/resolve-id.ts';
import type { QueryContext } from './define-queries.ts';

/** Fields that several queries share. */
export const fields = {
  taskId: z.string().min(1).max(60).describe('tsk_…, or a unique prefix of it'),
  workflowId: z.string().min(1).max(60).describe('wfl_…, or a unique prefix of it'),
  agentId: z.string().min(1).max(60).describe('agt_…, or a unique prefix of it'),
  bestOfNId: z.string().min(1).max(60).describe('bon_…, or a unique prefix of it'),
  position: z
    .string()
    .regex(/^\d{1,20}$/, 'must be a position: a number in decimal')
    .describe('A position in the log'),
  types: z.array(z.string().min(1).max(128)).min(1).max(100).describe('Kinds of events, e.g. TaskCreated'),
  limit: (max: number, byDefault: number) => z.number().int().min(1).max(max).default(byDefault),
};

export interface Named {
  taskId?: string | undefined;
  workflowId?: string | undefined;
  agentId?: string | undefined;
  bestOfNId?: string | undefined;
}

const KINDS: [keyof Named, NamedKind][] = [
  ['taskId', 'tsk'],
  ['workflowId', 'wfl'],
  ['agentId', 'agt'],
  ['bestOfNId', 'bon'],
];

/** The input with whole ids in place of prefixes. */
export async function withWholeIds<T extends Named>(
  input: T,
  { ids }: Pick<QueryContext, 'ids'>,
): Promise<T | Failure> {
  const whole = { ...input };
  for (const [field, kind] of KINDS) {
    const text = input[field];
    if (text === undefined) continue;
    const id = await resolveId(kind, text, ids);
    if (isFailure(id)) return id;
    whole[field] = id;
  }
  return whole;
}

/** The workflow that a task or an agent belongs to, by its first event. */
export async function workflowOf(stream: string, { store }: Pick<QueryContext, 'store'>): Promise<string | Failure> {
  for await (const first of store.readStream(stream, { limit: 1 })) {
    const workflowId = first.meta.scope?.workflowId;
    if (workflowId !== undefined) return workflowId;
  }
  return invalid(
    'id.unknown',
    `There is no ${stream.slice(0, stream.indexOf('-'))} ${stream.slice(stream.indexOf('-') + 1)}.`,
  );
}
