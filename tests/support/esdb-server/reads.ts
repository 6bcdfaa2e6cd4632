import { randomUUID } from 'node:crypto';
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { handleServerStreamingCall, ServerWritableStream } from '@grpc/grpc-js';
import { wireError } from './faults.ts';
import type { Recorded } from './log.ts';
import { eventResponse, filterOf, streamNameOf } from './messages.ts';
import type { Hands } from './hands.ts';

/** Reads and subscriptions are one method on the wire. */
export function read(hands: Hands): handleServerStreamingCall<ReadReq, ReadResp> {
  return (call) => {
    const options = call.request.getOptions();
    const fault = hands.faults.next(options?.hasSubscription() ? 'subscribe' : 'read');
    if (fault?.kind === 'error') return void call.emit('error', wireError(fault.exception, fault.trailers, fault.code));
    if (fault?.kind === 'drop' || fault?.kind === 'drop_after') return hands.cut();
    if (fault) return;
    const responses = options?.hasSubscription() ? subscription(hands, call, options) : page(hands, options);
    void send(call, responses);
  };
}

async function send(
  call: ServerWritableStream<ReadReq, ReadResp>,
  responses: AsyncIterable<ReadResp> | Iterable<ReadResp>,
): Promise<void> {
  try {
    for await (const response of responses) {
      if (call.cancelled) return;
      if (!call.write(response)) await either(call, 'drain', 'cancelled');
    }
    call.end();
  } catch (error) {
    call.emit('error', error);
  }
}

function either(call: ServerWritableStream<ReadReq, ReadResp>, ...events: string[]): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of events) call.removeListener(event, done);
      resolve();
    };
    for (const event of events) call.once(event, done);
  });
}

function* page({ stubs, log }: Hands, options: ReadReq.Options | undefined): Generator<ReadResp> {
  const backwards = options?.getReadDirection() === 1;
  const count = Number(options?.getCount() ?? 0);
  const passing = options?.hasStream()
    ? streamEvents(log.visible(streamNameOf(options.getStream()?.getStreamIdentifier())), options, backwards)
    : allEvents(log.events, options, backwards);
  if (passing === 'not_found') {
    const missing = new stubs.streams.ReadResp.StreamNotFound();
    missing.setStreamIdentifier(options?.getStream()?.getStreamIdentifier());
    const response = new stubs.streams.ReadResp();
    response.setStreamNotFound(missing);
    return yield response;
  }
  for (const event of passing.slice(0, count)) yield eventResponse(stubs, event, options);
}

function streamEvents(
  visible: readonly Recorded[] | 'not_found' | 'deleted',
  options: ReadReq.Options,
  backwards: boolean,
): readonly Recorded[] | 'not_found' {
  const from = options.getStream();
  if (visible === 'deleted')
    throw wireError('stream-deleted', { 'stream-name': streamNameOf(from?.getStreamIdentifier()) });
  if (visible === 'not_found') return visible;
  const revision = from?.hasRevision() ? Number(from.getRevision()) : from?.hasEnd() ? Number.POSITIVE_INFINITY : 0;
  return backwards
    ? visible.filter((event) => event.revision <= revision).reverse()
    : visible.filter((event) => event.revision >= revision);
}

/** Forwards, the event at the position is read; backwards, it is not. */
function allEvents(
  log: readonly Recorded[],
  options: ReadReq.Options | undefined,
  backwards: boolean,
): readonly Recorded[] {
  const passes = filterOf(options);
  const from = allStart(options, log);
  return backwards
    ? log.filter((event) => event.position < from && passes(event)).reverse()
    : log.filter((event) => event.position >= from && passes(event));
}

function allStart(options: ReadReq.Options | undefined, log: readonly Recorded[]): number {
  const all = options?.getAll();
  if (all?.hasPosition()) return Number(all.getPosition()?.getCommitPosition());
  return all?.hasEnd() ? (log.at(-1)?.position ?? 0) + 1 : 0;
}

const CHECKPOINT_EVENTS = 32;

async function* subscription(
  { stubs, log }: Hands,
  call: ServerWritableStream<ReadReq, ReadResp>,
  options: ReadReq.Options,
): AsyncGenerator<ReadResp> {
  const passes = filterOf(options);
  const stream = options.hasStream() ? streamNameOf(options.getStream()?.getStreamIdentifier()) : undefined;
  const window = CHECKPOINT_EVENTS * (options.getFilter()?.getCheckpointintervalmultiplier() ?? 1);
  let index = startIndex(log.events, options, stream);
  const confirmation = new stubs.streams.ReadResp.SubscriptionConfirmation();
  confirmation.setSubscriptionId(randomUUID());
  const confirmed = new stubs.streams.ReadResp();
  confirmed.setConfirmation(confirmation);
  yield confirmed;
  let caughtUp = false;
  for (let looked = 0; !call.cancelled; ) {
    const event = log.events[index];
    if (event) {
      index++;
      looked++;
      if (stream === undefined ? passes(event) : event.stream === stream) yield eventResponse(stubs, event, options);
      if (options.hasFilter() && looked % window === 0) yield checkpoint(event);
      continue;
    }
    if (!caughtUp) {
      caughtUp = true;
      const response = new stubs.streams.ReadResp();
      response.setCaughtUp(new stubs.streams.ReadResp.CaughtUp());
      yield response;
    }
    await change(log.watch, call);
  }

  function checkpoint(event: Recorded): ReadResp {
    const message = new stubs.streams.ReadResp.Checkpoint();
    message.setCommitPosition(String(event.position));
    message.setPreparePosition(String(event.position));
    const response = new stubs.streams.ReadResp();
    response.setCheckpoint(message);
    return response;
  }
}

/** The index of the first event to deliver; a subscription begins behind the position that it names. */
function startIndex(log: readonly Recorded[], options: ReadReq.Options, stream: string | undefined): number {
  const from = options.getStream();
  const atEnd = stream === undefined ? options.getAll()?.hasEnd() : from?.hasEnd();
  if (atEnd) return log.length;
  const behind = (event: Recorded) =>
    stream === undefined
      ? !options.getAll()?.hasPosition() || event.position > allStart(options, log)
      : !from?.hasRevision() || (event.stream === stream && event.revision > Number(from.getRevision()));
  const index = log.findIndex(behind);
  return index < 0 ? log.length : index;
}

function change(watch: (listener: () => void) => () => void, call: ServerWritableStream<ReadReq, ReadResp>) {
  return new Promise<void>((resolve) => {
    const unwatch = watch(done);
    call.once('cancelled', done);
    function done() {
      unwatch();
      call.removeListener('cancelled', done);
      resolve();
    }
  });
}
