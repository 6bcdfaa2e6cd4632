import type { Accepted } from '../actors/dispatch.ts';
import { type CommandBus, processPrincipal } from '../commands/index.ts';
import { type Failure, isFailure } from '../kernel/errors.ts';
import type { EventStore } from '../store/event-store.ts';
import type { Hands } from './define-process.ts';
import type { Duty } from './duties.ts';
import { assertHeld, type Lease } from './lease.ts';

export interface HandsParts extends Omit<Hands, 'world' | 'send' | 'sendInTurn'> {
  world: () => Hands['world'];
  bus: CommandBus;
  store: EventStore;
  lease: Lease | undefined;
}

/** What the obligation of a duty may do; the duty learns what was refused, and what the world must see before it is looked at again. */
export function handsOf(duty: Duty, parts: HandsParts): Hands {
  const { runner, blobs, clock, log } = parts;
  return {
    world: parts.world(),
    runner,
    blobs,
    clock,
    log,
    send: (name, input, which = '') => send(duty, name, input, which, parts),
    async sendInTurn(...commands) {
      const answers: Promise<Accepted | Failure>[] = [];
      for (const [n, [name, input]] of commands.entries()) {
        const decided = Promise.withResolvers<null>();
        const answer = send(duty, name, input, String(n), parts, () => decided.resolve(null));
        answers.push(answer);
        const early = await Promise.race([decided.promise, answer]);
        if (early && isFailure(early)) break;
      }
      return Promise.all(answers);
    },
  };
}

async function send(
  duty: Duty,
  name: string,
  input: Record<string, unknown>,
  which: string,
  { world, bus, store, lease }: HandsParts,
  decided?: () => void,
): Promise<Accepted | Failure> {
  assertHeld(lease);
  const { cause } = duty.obligation;
  const last = cause?.last ?? world().entity(duty.entity.kind, duty.entity.id)?.last;
  const answer = await bus.execute({
    name,
    input,
    principal: processPrincipal(duty.process.name),
    idempotencyKey: `${duty.obligation.key}:${name}:${which}`,
    timeFrom: cause?.id ?? duty.entity.id,
    ...(last?.id && { causationId: last.id, correlationId: last.correlationId }),
    ...(decided && { decided }),
  });
  duty.refusal = isFailure(answer) ? answer : null;
  // A refusal rests on what the actor knew, which the world may not have seen yet.
  const seenAfter = isFailure(answer) ? await store.head() : answer.position;
  if (seenAfter > duty.seenAfter) duty.seenAfter = seenAfter;
  return answer;
}
