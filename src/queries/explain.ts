import { z } from 'zod';
import { type Failure, HephError, invalid, isFailure } from '../kernel/errors.ts';
import { type NamedKind, resolveId } from '../kernel/resolve-id.ts';
import { sentenceOf } from '../projections/index.ts';
import type { Position, StoredEvent } from '../store/event-store.ts';
import { type Cause, causesOf } from './causes.ts';
import { PEOPLE, query, type QueryContext } from './define-queries.ts';
import { fields } from './fields.ts';
import { findEvent } from './find-event.ts';

const FOLLOWED_MAX = 50;
const LOOKED_AHEAD_MAX = 5_000;

/** What a person may ask about, by the beginnings of ids. */
const STREAMS: Readonly<Record<string, string>> = {
  ...{ tsk: 'task', agt: 'agent', wfl: 'workflow', bon: 'bestOfN', chk: 'checkRun', mtr: 'mergeTrain' },
};
const NAMED: readonly string[] = ['tsk', 'agt', 'wfl', 'bon'] satisfies NamedKind[];

export const explain = query({
  v: 1,
  summary:
    'Why something is as it is: the chain of events that led to it, from its first cause, and what followed from it.',
  schema: z.strictObject({
    of: z
      .string()
      .min(4)
      .max(80)
      .describe('An event’s id (evt_…), or a task, agent, workflow, best-of-N, check run or train'),
    position: fields.position.optional().describe('Where that event is, if it is known: it is found at once then'),
    at: fields.position.optional().describe('As it was at that position'),
  }),
  roles: PEOPLE,
  cli: 'why <of>',
  example: 'heph why tsk_01k',
  async run({ of, position, at }, context) {
    const { store } = context;
    const head = await store.head();
    const until = at === undefined ? head : BigInt(at);
    if (until > head)
      throw new HephError('position.ahead', `The log ends at ${head}, before ${until}.`, {
        details: { head: `${head}` },
      });
    const event = of.startsWith('evt_')
      ? await findEvent(store, { eventId: of, position }, until)
      : await lastChangeOf(of, until, context);
    if (isFailure(event)) return event;
    const { chain, cut } = await causesOf(store, event);
    const followed = await followedFrom(event, until, context);
    return { of: toldAs(event), chain: chain.map(linkOf), cut, ...followed, position: until.toString() };
  },
});

/** The event that its present state rests on. */
async function lastChangeOf(text: string, until: Position, context: QueryContext): Promise<StoredEvent | Failure> {
  const prefix = text.slice(0, text.indexOf('_'));
  const category = Object.hasOwn(STREAMS, prefix) ? STREAMS[prefix] : undefined;
  if (category === undefined)
    return invalid(
      'id.unknown',
      `${JSON.stringify(text)} is no id of an event or of a thing; write it with its prefix, like tsk_01k.`,
    );
  const id = NAMED.includes(prefix) ? await resolveId(prefix as NamedKind, text, context.ids) : text;
  if (isFailure(id)) return id;
  for await (const event of context.store.readStream(`${category}-${id}`, { direction: 'backwards' }))
    if (event.position <= until && event.meta.from !== event.meta.to) return event;
  return invalid('id.unknown', `There is no ${id}, or it was not there yet at ${until}.`);
}

async function followedFrom({ id, position }: StoredEvent, until: Position, { store }: QueryContext) {
  const followed: StoredEvent[] = [];
  let looked = 0;
  for await (const event of store.readAll({ after: position, until, limit: LOOKED_AHEAD_MAX })) {
    looked += 1;
    if (event.meta.causationId === id) followed.push(event);
    if (followed.length > FOLLOWED_MAX) break;
  }
  return {
    followed: followed.slice(0, FOLLOWED_MAX).map(toldAs),
    /** More did, or may have: not everything behind it was looked at. */
    followedMore: followed.length > FOLLOWED_MAX || looked === LOOKED_AHEAD_MAX,
  };
}

function linkOf({ event, command, link, because }: Cause) {
  return { ...toldAs(event), command, link, because };
}

function toldAs(event: StoredEvent) {
  const { id, position, type, at, stream, meta } = event;
  return {
    ...{ eventId: id, position: position.toString(), type, at, text: sentenceOf(event), actor: meta.actor, stream },
    ...{ from: meta.from ?? null, to: meta.to ?? null, scope: meta.scope ?? {} },
  };
}
