import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import type { handleBidiStreamingCall, handleClientStreamingCall, sendUnaryData } from '@grpc/grpc-js';
import { type Fault, wireError } from './faults.ts';
import type { EsdbLog, Expectation, Outcome, Proposed } from './log.ts';
import { expectationOf, proposedOf, streamNameOf, uuidOf, wrongRevisionDetails } from './messages.ts';
import type { Hands } from './hands.ts';
import type { Stubs } from './stubs.ts';

const CODE_FAILED_PRECONDITION = 9;
const CODE_UNAVAILABLE = 14;

/** Appends over one long-lived stream per client, as both clients do where the server offers it. */
export function batchAppend({
  stubs,
  log,
  faults,
  cut,
}: Hands): handleBidiStreamingCall<BatchAppendReq, BatchAppendResp> {
  return (call) => {
    const open = new Map<string, { stream: string; expected: Expectation; events: Proposed[] }>();
    call.on('data', (request: BatchAppendReq) => {
      const correlation = uuidOf(request.getCorrelationId());
      const options = request.getOptions();
      const append = open.get(correlation) ?? {
        stream: streamNameOf(options?.getStreamIdentifier()),
        expected: options ? expectationOf(options, () => options.getStreamPosition()) : 'any',
        events: [],
      };
      append.events.push(...request.getProposedMessagesList().map(proposedOf));
      open.set(correlation, append);
      if (!request.getIsFinal()) return;
      open.delete(correlation);
      const outcome = perform(log, faults.next('append'), cut, append);
      if (!outcome) return;
      const response = batchResponse(stubs, outcome);
      response.setCorrelationId(request.getCorrelationId());
      const identifier = new stubs.shared.StreamIdentifier();
      identifier.setStreamName(Buffer.from(append.stream).toString('base64'));
      response.setStreamIdentifier(identifier);
      call.write(response);
    });
    call.on('end', () => call.end());
    call.on('error', () => call.end());
  };
}

/** Appends in a call of its own: what the clients do without batches or with credentials per call. */
export function append({ stubs, log, faults, cut }: Hands): handleClientStreamingCall<AppendReq, AppendResp> {
  return (call, answer) => {
    let options: AppendReq.Options | undefined;
    const events: Proposed[] = [];
    call.on('data', (request: AppendReq) => {
      options = request.getOptions() ?? options;
      const message = request.getProposedMessage();
      if (message) events.push(proposedOf(message));
    });
    call.on('error', () => {});
    call.on('end', () => {
      const stream = streamNameOf(options?.getStreamIdentifier());
      const expected = options ? expectationOf(options, () => options?.getRevision() ?? '') : 'any';
      const outcome = perform(log, faults.next('append'), cut, { stream, expected, events });
      if (outcome) answerUnary(stubs, stream, outcome, answer);
    });
  };
}

type Failed = { kind: 'failed'; fault: Fault & { kind: 'error' } };

/** Nothing when there will be no answer. */
function perform(
  log: EsdbLog,
  fault: Fault | undefined,
  cut: () => void,
  { stream, expected, events }: { stream: string; expected: Expectation; events: Proposed[] },
): Outcome | Failed | undefined {
  if (fault?.kind === 'error') return { kind: 'failed', fault };
  if (fault?.kind === 'drop') cut();
  if (fault?.kind === 'drop' || fault?.kind === 'stall') return undefined;
  const outcome = log.append(stream, expected, events);
  if (fault?.kind === 'drop_after') cut();
  return fault ? undefined : outcome;
}

function batchResponse(stubs: Stubs, outcome: Outcome | Failed): BatchAppendResp {
  const response = new stubs.streams.BatchAppendResp();
  if (outcome.kind === 'success') {
    const success = new stubs.streams.BatchAppendResp.Success();
    success.setCurrentRevision(String(outcome.revision));
    const position = new stubs.shared.AllStreamPosition();
    position.setCommitPosition(String(outcome.position));
    position.setPreparePosition(String(outcome.position));
    success.setPosition(position);
    response.setSuccess(success);
    return response;
  }
  const status = new stubs.statuses.Status();
  const details = new stubs.Any();
  if (outcome.kind === 'wrong') {
    status.setCode(CODE_FAILED_PRECONDITION);
    details.pack(wrongRevisionDetails(stubs, outcome), 'event_store.client.WrongExpectedVersion');
  } else if (outcome.kind === 'deleted') {
    status.setCode(CODE_FAILED_PRECONDITION);
    details.pack(new stubs.shared.StreamDeleted().serializeBinary(), 'event_store.client.StreamDeleted');
  } else {
    status.setCode(CODE_UNAVAILABLE);
    const name = outcome.fault.exception === 'access-denied' ? 'AccessDenied' : 'Timeout';
    details.pack(new stubs.shared[name]().serializeBinary(), `event_store.client.${name}`);
  }
  status.setDetails(details as never);
  response.setError(status);
  return response;
}

function answerUnary(stubs: Stubs, stream: string, outcome: Outcome | Failed, answer: sendUnaryData<AppendResp>): void {
  if (outcome.kind === 'failed')
    return answer(wireError(outcome.fault.exception, outcome.fault.trailers, outcome.fault.code));
  if (outcome.kind === 'deleted') return answer(wireError('stream-deleted', { 'stream-name': stream }));
  const response = new stubs.streams.AppendResp();
  if (outcome.kind === 'success') {
    const success = new stubs.streams.AppendResp.Success();
    success.setCurrentRevision(String(outcome.revision));
    const position = new stubs.streams.AppendResp.Position();
    position.setCommitPosition(String(outcome.position));
    position.setPreparePosition(String(outcome.position));
    success.setPosition(position);
    response.setSuccess(success);
    return answer(null, response);
  }
  const wrong = new stubs.streams.AppendResp.WrongExpectedVersion();
  if (outcome.actual < 0) wrong.setCurrentNoStream(new stubs.shared.Empty());
  else wrong.setCurrentRevision(String(outcome.actual));
  if (typeof outcome.expected === 'number') wrong.setExpectedRevision(String(outcome.expected));
  else if (outcome.expected === 'any') wrong.setExpectedAny(new stubs.shared.Empty());
  else if (outcome.expected === 'no_stream') wrong.setExpectedNoStream(new stubs.shared.Empty());
  else wrong.setExpectedStreamExists(new stubs.shared.Empty());
  response.setWrongExpectedVersion(wrong);
  answer(null, response);
}
