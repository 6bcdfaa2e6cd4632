import type { DeleteReq, DeleteResp, TombstoneReq, TombstoneResp } from '@eventstore/db-client/generated/streams_pb.js';
import { type handleUnaryCall, Server, ServerCredentials } from '@grpc/grpc-js';
import { append, batchAppend } from './appends.ts';
import { systemClock } from '../../../src/kernel/adapters/system.ts';
import type { Clock } from '../../../src/kernel/clock.ts';
import { createFaultPlan, type FaultPlan, wireError } from './faults.ts';
import { consume } from './consumers.ts';
import { groupCalls } from './group-calls.ts';
import { createServerGroups } from './groups.ts';
import type { Hands } from './hands.ts';
import { type Link, openLink } from './link.ts';
import { createEsdbLog, type EsdbLog, type Expectation, type Outcome } from './log.ts';
import { expectationOf, streamNameOf } from './messages.ts';
import { read } from './reads.ts';
import { type Client, loadStubs, type Stubs } from './stubs.ts';

/**
 * An EventStoreDB on the wire: both official clients connect to it unmodified. It keeps its log in memory, behind a link
 * that tests cut and clog; single calls fail as planned.
 */
export interface EsdbServer {
  port: number;
  log: EsdbLog;
  link: Link;
  faults: FaultPlan;
  close(): Promise<void>;
}

export interface EsdbServerOptions {
  client: Client;
  /** Without it a client appends each time in a call of its own. */
  batches?: boolean;
  /** Kept over a restart. */
  log?: EsdbLog;
  /** For the time-outs of messages. */
  clock?: Clock;
}

const MESSAGE_BYTES_MAX = 17 * 1024 * 1024;

export async function startEsdbServer({
  client,
  batches = true,
  log,
  clock = systemClock,
}: EsdbServerOptions): Promise<EsdbServer> {
  const stubs = loadStubs(client);
  const kept = log ?? createEsdbLog(Date.now);
  const faults = createFaultPlan();
  const wire: { link?: Link } = {};
  const groups = createServerGroups(kept, clock);
  const hands: Hands = { stubs, log: kept, groups, faults, cut: () => wire.link?.cut() };
  const server = new Server({ 'grpc.max_receive_message_length': MESSAGE_BYTES_MAX });
  server.addService(stubs.services.streams, {
    read: read(hands),
    append: append(hands),
    batchAppend: batchAppend(hands),
    delete: removal(hands, 'remove'),
    tombstone: removal(hands, 'tombstone'),
  });
  server.addService(stubs.services.persistent, { ...groupCalls(hands), read: consume(hands) });
  server.addService(stubs.services.features, { getSupportedMethods: supportedMethods(stubs, batches) });
  server.addService(stubs.services.gossip, { read: gossip(stubs, () => wire.link?.port ?? 0) });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  const link = await openLink(port);
  wire.link = link;
  return {
    port: link.port,
    log: kept,
    link,
    faults,
    async close() {
      await link.close();
      groups.close();
      server.forceShutdown();
    },
  };
}

function removal(
  { stubs, log, faults, cut }: Hands,
  how: 'remove' | 'tombstone',
): handleUnaryCall<DeleteReq | TombstoneReq, DeleteResp | TombstoneResp> {
  return ({ request }, answer) => {
    const options = request.getOptions();
    const stream = streamNameOf(options?.getStreamIdentifier());
    const expected = options ? expectationOf(options, () => options.getRevision()) : 'any';
    const fault = faults.next('delete');
    if (fault?.kind === 'error') return answer(wireError(fault.exception, fault.trailers, fault.code));
    if (fault?.kind === 'drop') cut();
    if (fault?.kind === 'drop' || fault?.kind === 'stall') return;
    const outcome = log[how](stream, expected);
    if (fault?.kind === 'drop_after') cut();
    if (fault) return;
    if (outcome.kind !== 'success') return answer(removalError(stream, expected, outcome));
    const Response = how === 'remove' ? stubs.streams.DeleteResp : stubs.streams.TombstoneResp;
    const position = new Response.Position();
    position.setCommitPosition(String(outcome.position));
    position.setPreparePosition(String(outcome.position));
    const response = new Response();
    response.setPosition(position);
    answer(null, response);
  };
}

const EXPECTED_NUMBERS = { any: -2, no_stream: -1, stream_exists: -4 };

function removalError(stream: string, expected: Expectation, outcome: Outcome): Error {
  if (outcome.kind !== 'wrong') return wireError('stream-deleted', { 'stream-name': stream });
  return wireError('wrong-expected-version', {
    'stream-name': stream,
    'expected-version': String(typeof expected === 'number' ? expected : EXPECTED_NUMBERS[expected]),
    'actual-version': String(outcome.actual),
  });
}

const STREAM_METHODS = ['read', 'append', 'delete', 'tombstone'];
const GROUP_METHODS = ['create', 'update', 'delete', 'read', 'getinfo', 'list', 'replayparked'];

function supportedMethods(stubs: Stubs, batches: boolean): handleUnaryCall<unknown, unknown> {
  return (_call, answer) => {
    const methods = new stubs.features.SupportedMethods();
    methods.setEventStoreServerVersion('24.10.0');
    for (const name of [...STREAM_METHODS, ...(batches ? ['batchappend'] : [])]) {
      const method = new stubs.features.SupportedMethod();
      method.setServiceName('event_store.client.streams.streams');
      method.setMethodName(name);
      if (name === 'read') method.setFeaturesList(['position', 'events']);
      methods.addMethods(method);
    }
    for (const name of GROUP_METHODS) {
      const method = new stubs.features.SupportedMethod();
      method.setServiceName('event_store.client.persistent_subscriptions.persistentsubscriptions');
      method.setMethodName(name);
      method.setFeaturesList(['stream', 'all']);
      methods.addMethods(method);
    }
    answer(null, methods);
  };
}

/** A cluster of one, which leads it. */
function gossip(stubs: Stubs, port: () => number): handleUnaryCall<unknown, unknown> {
  return (_call, answer) => {
    const { ClusterInfo, EndPoint, MemberInfo } = stubs.gossip;
    const endPoint = new EndPoint();
    endPoint.setAddress('127.0.0.1');
    endPoint.setPort(port());
    const id = new stubs.shared.UUID();
    id.setString('00000000-0000-4000-8000-000000000001');
    const member = new MemberInfo();
    member.setInstanceId(id);
    member.setState(MemberInfo.VNodeState.LEADER);
    member.setIsAlive(true);
    member.setHttpEndPoint(endPoint);
    const cluster = new ClusterInfo();
    cluster.setMembersList([member]);
    answer(null, cluster);
  };
}
