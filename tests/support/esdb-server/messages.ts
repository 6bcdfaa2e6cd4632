import type { UUID } from '@eventstore/db-client/generated/shared_pb.js';
import type { BatchAppendReq, ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import {
  type EsdbLog,
  type Expectation,
  type Outcome,
  type Proposed,
  type Recorded,
  TOMBSTONE_REVISION,
} from './log.ts';
import type { Stubs } from './stubs.ts';

const TICKS_PER_MS = 10_000n;

export function uuidOf(message: UUID | undefined): string {
  const structured = message?.getStructured();
  if (!structured) return message?.getString() ?? '';
  const half = (bits: string) => BigInt.asUintN(64, BigInt(bits)).toString(16).padStart(16, '0');
  const hex = half(structured.getMostSignificantBits()) + half(structured.getLeastSignificantBits());
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export function uuidMessage(stubs: Stubs, id: string, structured: boolean): UUID {
  const message = new stubs.shared.UUID();
  if (!structured) {
    message.setString(id);
    return message;
  }
  const hex = id.replaceAll('-', '');
  const half = (text: string) => BigInt.asIntN(64, BigInt(`0x${text}`)).toString();
  const halves = new stubs.shared.UUID.Structured();
  halves.setMostSignificantBits(half(hex.slice(0, 16)));
  halves.setLeastSignificantBits(half(hex.slice(16)));
  message.setStructured(halves);
  return message;
}

export function streamNameOf(identifier: { getStreamName_asU8(): Uint8Array } | undefined): string {
  return Buffer.from(identifier?.getStreamName_asU8() ?? []).toString();
}

/** Of a unary append's message or one of a batch: they have the same shape. */
export function proposedOf(message: BatchAppendReq.ProposedMessage): Proposed {
  const properties = message.getMetadataMap();
  return {
    id: uuidOf(message.getId()),
    type: properties.get('type') ?? '',
    contentType: properties.get('content-type') ?? 'application/octet-stream',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
}

interface Expecting {
  hasNoStream(): boolean;
  hasAny(): boolean;
  hasStreamExists(): boolean;
}

export function expectationOf(options: Expecting, revision: () => string): Expectation {
  if (options.hasNoStream()) return 'no_stream';
  if (options.hasAny()) return 'any';
  if (options.hasStreamExists()) return 'stream_exists';
  return Number(revision());
}

export function eventResponse(stubs: Stubs, event: Recorded, options: ReadReq.Options | undefined): ReadResp {
  const record = new stubs.streams.ReadResp.ReadEvent.RecordedEvent();
  record.setId(uuidMessage(stubs, event.id, options?.getUuidOption()?.hasStructured() ?? false));
  const identifier = new stubs.shared.StreamIdentifier();
  identifier.setStreamName(Buffer.from(event.stream).toString('base64'));
  record.setStreamIdentifier(identifier);
  record.setStreamRevision(event.revision === TOMBSTONE_REVISION ? '9223372036854775807' : String(event.revision));
  record.setCommitPosition(String(event.position));
  record.setPreparePosition(String(event.position));
  record.getMetadataMap().set('type', event.type);
  record.getMetadataMap().set('content-type', event.contentType);
  record.getMetadataMap().set('created', String(BigInt(event.created) * TICKS_PER_MS));
  record.setData(event.data);
  record.setCustomMetadata(event.metadata);
  const read = new stubs.streams.ReadResp.ReadEvent();
  read.setEvent(record);
  read.setCommitPosition(String(event.position));
  const response = new stubs.streams.ReadResp();
  response.setEvent(read);
  return response;
}

/** The details of a wrong revision, as a batch append answers them. */
export function wrongRevisionDetails(stubs: Stubs, { expected, actual }: Outcome & { kind: 'wrong' }): Uint8Array {
  const details = new stubs.shared.WrongExpectedVersion();
  if (actual < 0) details.setCurrentNoStream(new stubs.Empty() as never);
  else details.setCurrentStreamRevision(String(actual));
  if (expected === 'any') details.setExpectedAny(new stubs.Empty() as never);
  else if (expected === 'no_stream') details.setExpectedNoStream(new stubs.Empty() as never);
  else if (expected === 'stream_exists') details.setExpectedStreamExists(new stubs.Empty() as never);
  else details.setExpectedStreamPosition(String(expected));
  return details.serializeBinary();
}

/** Which events a filter lets pass; all when there is none. */
export function filterOf(options: ReadReq.Options | undefined): (event: EsdbLog['events'][number]) => boolean {
  const filter = options?.getFilter();
  return filter ? passing(expressionOf(filter)) : () => true;
}

/** A filter that can be kept. */
export interface FilterExpression {
  onStream: boolean;
  /** Empty: by the prefixes. */
  regex: string;
  prefixes: string[];
}

interface FilterMessage {
  hasStreamIdentifier(): boolean;
  getStreamIdentifier(): ExpressionMessage | undefined;
  getEventType(): ExpressionMessage | undefined;
}

interface ExpressionMessage {
  getRegex(): string;
  getPrefixList(): string[];
}

/** Of a read's filter or of a persistent subscription's: they have the same shape. */
export function expressionOf(filter: FilterMessage): FilterExpression {
  const onStream = filter.hasStreamIdentifier();
  const expression = onStream ? filter.getStreamIdentifier() : filter.getEventType();
  return { onStream, regex: expression?.getRegex() ?? '', prefixes: expression?.getPrefixList() ?? [] };
}

export function passing({ onStream, regex, prefixes }: FilterExpression): (event: Recorded) => boolean {
  const pattern = regex ? new RegExp(regex) : undefined;
  return (event) => {
    const text = onStream ? event.stream : event.type;
    return pattern ? pattern.test(text) : prefixes.some((prefix) => text.startsWith(prefix));
  };
}
