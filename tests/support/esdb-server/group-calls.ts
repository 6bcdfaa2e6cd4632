import type {
  CreateReq,
  CreateResp,
  DeleteReq,
  DeleteResp,
  GetInfoReq,
  GetInfoResp,
  ListReq,
  ListResp,
  ReplayParkedReq,
  ReplayParkedResp,
  SubscriptionInfo,
  UpdateReq,
  UpdateResp,
} from '@eventstore/db-client/generated/persistent_pb.js';
import { type handleUnaryCall, status } from '@grpc/grpc-js';
import { wireError } from './faults.ts';
import type { GroupConfig, ServerGroup } from './groups.ts';
import type { Hands } from './hands.ts';
import { expressionOf, streamNameOf } from './messages.ts';

const END = 18446744073709551615n;

/** Everything about persistent subscriptions that is one question and one answer. */
export function groupCalls(hands: Hands) {
  const { stubs, groups, log } = hands;
  const { persistent } = stubs;

  const create: handleUnaryCall<CreateReq, CreateResp> = ({ request }, answer) =>
    answered(hands, answer, () => {
      const options = request.getOptions();
      const source = sourceOf(options);
      const name = options?.getGroupName() ?? '';
      if (groups.find(source, name)) throw refusal('exists', source, name);
      const filter = options?.getAll()?.getFilter();
      groups.put({
        source,
        name,
        ...startOf(source, options),
        ...changeable(options?.getSettings()),
        filter: filter && expressionOf(filter),
      });
      return new persistent.CreateResp();
    });

  const update: handleUnaryCall<UpdateReq, UpdateResp> = ({ request }, answer) =>
    answered(hands, answer, () => {
      const options = request.getOptions();
      const { config } = found(sourceOf(options), options?.getGroupName() ?? '');
      groups.put({ ...config, ...changeable(options?.getSettings()) });
      return new persistent.UpdateResp();
    });

  const remove: handleUnaryCall<DeleteReq, DeleteResp> = ({ request }, answer) =>
    answered(hands, answer, () => {
      const options = request.getOptions();
      groups.remove(found(sourceOf(options), options?.getGroupName() ?? ''));
      return new persistent.DeleteResp();
    });

  const replayParked: handleUnaryCall<ReplayParkedReq, ReplayParkedResp> = ({ request }, answer) =>
    answered(hands, answer, () => {
      const options = request.getOptions();
      found(sourceOf(options), options?.getGroupName() ?? '').work.replayParked();
      return new persistent.ReplayParkedResp();
    });

  const getInfo: handleUnaryCall<GetInfoReq, GetInfoResp> = ({ request }, answer) =>
    answered(hands, answer, () => {
      const options = request.getOptions();
      const response = new persistent.GetInfoResp();
      response.setSubscriptionInfo(infoOf(found(sourceOf(options), options?.getGroupName() ?? '')));
      return response;
    });

  const list: handleUnaryCall<ListReq, ListResp> = (_call, answer) =>
    answered(hands, answer, () => {
      const response = new persistent.ListResp();
      response.setSubscriptionsList(groups.all().map(infoOf));
      return response;
    });

  function found(source: string, name: string): ServerGroup {
    const group = groups.find(source, name);
    if (!group) throw refusal('does-not-exist', source, name);
    return group;
  }

  function startOf(source: string, options: CreateReq.Options | undefined): Pick<GroupConfig, 'startFrom' | 'after'> {
    if (source === '$all') {
      const from = options?.getAll();
      const position = Number(from?.getPosition()?.getCommitPosition() ?? 0);
      if (from?.hasEnd()) return { startFrom: 'C:-1/P:-1', after: log.events.at(-1)?.position ?? 0 };
      return { startFrom: `C:${position}/P:${position}`, after: position - 1 };
    }
    // Both clients say the revision in the settings, as before there were groups over $all.
    const revision = BigInt(options?.getSettings()?.getRevision() ?? 0);
    const visible = log.visible(source);
    const last = typeof visible === 'string' ? -1 : (visible.at(-1)?.revision ?? -1);
    return revision === END
      ? { startFrom: '-1', after: last }
      : { startFrom: String(revision), after: Number(revision) - 1 };
  }

  function infoOf({ config, work }: ServerGroup): SubscriptionInfo {
    const { consumers, inFlight, parked, checkpoint } = work.counts();
    const info = new persistent.SubscriptionInfo();
    info.setEventSource(config.source);
    info.setGroupName(config.name);
    info.setStatus('Live');
    info.setStartFrom(config.startFrom);
    info.setMaxRetryCount(config.maxRetryCount);
    info.setMessageTimeoutMilliseconds(config.messageTimeoutMs);
    info.setNamedConsumerStrategy('RoundRobin');
    info.setTotalInFlightMessages(inFlight);
    info.setParkedMessageCount(String(parked));
    if (checkpoint !== null)
      info.setLastCheckpointedEventPosition(
        config.source === '$all' ? `C:${checkpoint}/P:${checkpoint}` : String(checkpoint),
      );
    info.setConnectionsList(Array.from({ length: consumers }, () => new persistent.SubscriptionInfo.ConnectionInfo()));
    return info;
  }

  return { create, update, delete: remove, replayParked, getInfo, list };
}

export function refusal(what: 'exists' | 'does-not-exist' | 'dropped', source: string, name: string): Error {
  const codes = { exists: status.ALREADY_EXISTS, 'does-not-exist': status.NOT_FOUND, dropped: status.CANCELLED };
  return wireError(`persistent-subscription-${what}`, { 'stream-name': source, 'group-name': name }, codes[what]);
}

interface Sourced {
  hasAll(): boolean;
  getStreamIdentifier(): { getStreamName_asU8(): Uint8Array } | undefined;
}

export function sourceOf(options: Sourced | undefined): string {
  return options?.hasAll() ? '$all' : streamNameOf(options?.getStreamIdentifier());
}

function changeable(settings: CreateReq.Settings | UpdateReq.Settings | undefined) {
  return {
    maxRetryCount: settings?.getMaxRetryCount() ?? 0,
    messageTimeoutMs: settings?.getMessageTimeoutMs() ?? 0,
  };
}

/** Answers what `act` returns or throws, unless a fault was planned. */
function answered<T>({ faults, cut }: Hands, answer: (error: Error | null, response?: T) => void, act: () => T): void {
  const fault = faults.next('group');
  if (fault?.kind === 'error') return answer(wireError(fault.exception, fault.trailers, fault.code));
  if (fault?.kind === 'drop') return cut();
  if (fault?.kind === 'stall') return;
  try {
    const response = act();
    if (fault?.kind === 'drop_after') cut();
    if (!fault) answer(null, response);
  } catch (error) {
    answer(error as Error);
  }
}
