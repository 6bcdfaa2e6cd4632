import { randomUUID } from 'node:crypto';
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/persistent_pb.js';
import type { handleBidiStreamingCall, ServerDuplexStream } from '@grpc/grpc-js';
import type { Answer, Consumer, Delivery } from '../../../src/store/groups/group.ts';
import { wireError } from './faults.ts';
import { refusal, sourceOf } from './group-calls.ts';
import { Dropped } from './groups.ts';
import type { Hands } from './hands.ts';
import type { Recorded } from './log.ts';
import { eventResponse, uuidOf } from './messages.ts';
import type { Stubs } from './stubs.ts';

type Call = ServerDuplexStream<ReadReq, ReadResp>;

/** One consumer of a persistent subscription: its options first, then events one way and answers the other. */
export function consume(hands: Hands): handleBidiStreamingCall<ReadReq, ReadResp> {
  return (call) => {
    const held = new Map<string, Delivery<Recorded>>();
    let consumer: Consumer<Recorded> | undefined;
    const leave = () => consumer?.leave();
    call.on('data', (request: ReadReq) => {
      const options = request.getOptions();
      if (options) consumer = join(hands, call, options, held);
      else for (const [id, answer, reason] of answersIn(hands.stubs, request)) settle(held, id, answer, reason);
    });
    call.on('end', leave);
    call.on('cancelled', leave);
    call.on('close', leave);
    call.on('error', leave);
  };
}

function join(
  { stubs, groups, faults, cut }: Hands,
  call: Call,
  options: ReadReq.Options,
  held: Map<string, Delivery<Recorded>>,
): Consumer<Recorded> | undefined {
  const fault = faults.next('consume');
  if (fault?.kind === 'error') call.emit('error', wireError(fault.exception, fault.trailers, fault.code));
  if (fault?.kind === 'drop' || fault?.kind === 'drop_after') cut();
  if (fault) return undefined;
  const [source, name] = [sourceOf(options), options.getGroupName()];
  const group = groups.find(source, name);
  if (!group) {
    call.emit('error', refusal('does-not-exist', source, name));
    return undefined;
  }
  const consumer = group.work.join(options.getBufferSize());
  const confirmation = new stubs.persistent.ReadResp.SubscriptionConfirmation();
  confirmation.setSubscriptionId(randomUUID());
  const confirmed = new stubs.persistent.ReadResp();
  confirmed.setSubscriptionConfirmation(confirmation);
  call.write(confirmed);
  void send(stubs, call, consumer, held).catch((error) => {
    call.emit('error', error instanceof Dropped ? refusal('dropped', source, name) : error);
  });
  return consumer;
}

async function send(
  stubs: Stubs,
  call: Call,
  consumer: Consumer<Recorded>,
  held: Map<string, Delivery<Recorded>>,
): Promise<void> {
  for (;;) {
    const delivery = await consumer.next();
    if (!delivery) return void call.end();
    held.set(delivery.event.id, delivery);
    call.write(responseOf(stubs, delivery));
  }
}

function responseOf({ persistent, ...stubs }: Stubs, { event, retries }: Delivery<Recorded>): ReadResp {
  const { RecordedEvent } = persistent.ReadResp.ReadEvent;
  const plain = eventResponse({ persistent, ...stubs }, event, undefined)
    .getEvent()
    ?.getEvent();
  const read = new persistent.ReadResp.ReadEvent();
  // The same message under two names.
  read.setEvent(RecordedEvent.deserializeBinary(plain?.serializeBinary() ?? new Uint8Array()));
  read.setCommitPosition(String(event.position));
  read.setRetryCount(retries);
  const response = new persistent.ReadResp();
  response.setEvent(read);
  return response;
}

function* answersIn({ persistent }: Stubs, request: ReadReq): Generator<[id: string, Answer, reason: string]> {
  for (const id of request.getAck()?.getIdsList() ?? []) yield [uuidOf(id), 'ack', ''];
  const nack = request.getNack();
  const { Action } = persistent.ReadReq.Nack;
  // What is not named is skipped, as the server does.
  const answer = nack?.getAction() === Action.PARK ? 'park' : nack?.getAction() === Action.RETRY ? 'retry' : 'skip';
  for (const id of nack?.getIdsList() ?? []) yield [uuidOf(id), answer, nack?.getReason() ?? ''];
}

function settle(held: Map<string, Delivery<Recorded>>, id: string, answer: Answer, reason: string): void {
  const delivery = held.get(id);
  held.delete(id);
  void delivery?.settle(answer, reason);
}
