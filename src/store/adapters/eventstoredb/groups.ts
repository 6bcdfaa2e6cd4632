import type { EventStore } from '../../event-store.ts';
import { absent, checkGroup, checkInFlight, checkNewGroup, exists, settingsOf } from '../../groups/settings.ts';
import {
  type GroupFilter,
  type GroupId,
  type GroupInfo,
  type GroupSettings,
  IN_FLIGHT_DEFAULT,
  type NewGroup,
  type PersistentSubscriptions,
} from '../../persistent-subscriptions.ts';
import { typeOf } from './calls.ts';
import type { EsdbClient } from './client.ts';
import type { Codec } from './codec.ts';
import type { EsdbGroupInfo } from './group-client.ts';
import { type ConsumerParts, consumeGroup } from './group-consumer.ts';
import { CHECKPOINT_INTERVAL, serverFilterOf } from './reader.ts';

/**
 * Groups as the event store's own persistent subscriptions: it keeps checkpoints and what is parked, in streams of its
 * own (`$persistentsubscription-<stream>::<group>-checkpoint`, `-parked`). A group over the whole log is one over $all
 * there, where many logs meet, so it bears our namespace: `heph.<name>`.
 *
 * Over the whole log, `end` is looked up again when the store starts before such a group has its first checkpoint.
 */
export interface EsdbGroupParts extends ConsumerParts {
  log: Pick<EventStore, 'readStream'>;
  closed: AbortSignal;
  assertOpen: () => void;
}

const LEADER = { requiresLeader: true };

export function createEsdbGroups(parts: EsdbGroupParts): PersistentSubscriptions {
  const { calls, codec, log, closed, assertOpen } = parts;

  /** One call, to the stream or to $all. */
  async function ask<T>(
    what: string,
    group: GroupId,
    toStream: (client: EsdbClient, stream: string, name: string) => Promise<T>,
    toAll: (client: EsdbClient, name: string) => Promise<T>,
  ): Promise<T> {
    checkGroup(group);
    assertOpen();
    const { name, stream } = group;
    try {
      return await calls.attempt(what, (client) =>
        stream === undefined ? toAll(client, codec.streamName(name)) : toStream(client, codec.streamName(stream), name),
      );
    } catch (error) {
      if (typeOf(error) === 'persistent-subscription-exists') throw exists(group);
      if (typeOf(error) === 'persistent-subscription-does-not-exist') throw absent(group);
      throw error;
    }
  }

  const rawInfo = (group: GroupId): Promise<EsdbGroupInfo> =>
    ask(
      'tell of a group',
      group,
      (client, stream, name) => client.getPersistentSubscriptionToStreamInfo(stream, name, LEADER),
      (client, name) => client.getPersistentSubscriptionToAllInfo(name, LEADER),
    );

  /** A number where there is one: a store that starts again before the first checkpoint looks for the end again. */
  async function startOf({ stream }: GroupId, from: NewGroup['from'] = 'start'): Promise<unknown> {
    if (stream === undefined) return typeof from === 'bigint' ? { commit: from, prepare: from } : from;
    if (from !== 'end') return from;
    for await (const { revision } of log.readStream(stream, { direction: 'backwards', limit: 1 }))
      return BigInt(revision + 1);
    return 'start';
  }

  function groupOf({ eventSource, groupName }: EsdbGroupInfo): GroupId | undefined {
    const own = codec.streamName('');
    if (eventSource === '$all') return groupName.startsWith(own) ? { name: groupName.slice(own.length) } : undefined;
    return eventSource.startsWith(own) ? { name: groupName, stream: eventSource.slice(own.length) } : undefined;
  }

  return {
    async create(group, options = {}) {
      checkGroup(group);
      checkNewGroup(group, options);
      const settings = { ...serverSettings(settingsOf(options)), startFrom: await startOf(group, options.from) };
      await ask(
        'create a group',
        group,
        (client, stream, name) => client.createPersistentSubscriptionToStream(stream, name, settings, LEADER),
        (client, name) =>
          client.createPersistentSubscriptionToAll(name, settings, {
            ...LEADER,
            filter: groupFilterOf(codec, options.filter),
          }),
      );
    },
    async update(group, changes) {
      const { settings: before } = await rawInfo(group);
      const settings = {
        ...serverSettings(settingsOf(changes, settingsFrom(before))),
        startFrom: before.startFrom ?? 'start',
      };
      await ask(
        'update a group',
        group,
        (client, stream, name) => client.updatePersistentSubscriptionToStream(stream, name, settings, LEADER),
        (client, name) => client.updatePersistentSubscriptionToAll(name, settings, LEADER),
      );
    },
    delete: (group) =>
      ask(
        'delete a group',
        group,
        (client, stream, name) => client.deletePersistentSubscriptionToStream(stream, name, LEADER),
        (client, name) => client.deletePersistentSubscriptionToAll(name, LEADER),
      ),
    subscribe(group, { inFlightMax = IN_FLIGHT_DEFAULT, signal } = {}) {
      checkGroup(group);
      checkInFlight(inFlightMax);
      assertOpen();
      const ends = AbortSignal.any([closed, ...(signal ? [signal] : [])]);
      return consumeGroup(parts, group, inFlightMax, ends);
    },
    replayParked: (group) =>
      ask(
        'replay what is parked',
        group,
        (client, stream, name) => client.replayParkedMessagesToStream(stream, name, LEADER),
        (client, name) => client.replayParkedMessagesToAll(name, LEADER),
      ),
    info: async (group) => infoOf(group, await rawInfo(group)),
    async list() {
      assertOpen();
      try {
        const infos = await calls.attempt('list groups', (client) => client.listAllPersistentSubscriptions(LEADER));
        return infos.flatMap((info) => {
          const group = groupOf(info);
          return group ? [infoOf(group, info)] : [];
        });
      } catch (error) {
        // How some servers say that there are none.
        if (typeOf(error) === 'persistent-subscription-does-not-exist') return [];
        throw error;
      }
    },
  };
}

function infoOf(group: GroupId, { settings, connections, stats }: EsdbGroupInfo): GroupInfo {
  const checkpoint =
    group.stream === undefined ? stats.lastCheckpointedEventPosition?.commit : stats.lastCheckpointedEventRevision;
  return {
    ...group,
    ...settingsFrom(settings),
    consumers: connections.length,
    inFlight: stats.totalInFlightMessages,
    parked: Number(stats.parkedMessageCount),
    checkpoint: checkpoint ?? null,
  };
}

function settingsFrom({ maxRetryCount, messageTimeout }: EsdbGroupInfo['settings']): GroupSettings {
  return { retriesMax: maxRetryCount, messageTimeoutMs: messageTimeout };
}

/** The checkpoint follows each answer within a second; the rest is the clients' default. */
function serverSettings({ retriesMax, messageTimeoutMs }: GroupSettings): object {
  return {
    maxRetryCount: retriesMax,
    messageTimeout: messageTimeoutMs,
    checkPointAfter: 1000,
    checkPointLowerBound: 1,
    checkPointUpperBound: 100,
    consumerStrategyName: 'RoundRobin',
    maxSubscriberCount: 'unbounded',
    resolveLinkTos: false,
    extraStatistics: false,
    liveBufferSize: 500,
    historyBufferSize: 500,
    readBatchSize: 20,
  };
}

/** By types, events of other logs come too: the consumer passes them over. */
function groupFilterOf(codec: Codec, filter: GroupFilter | undefined): object {
  if (!filter || 'streamPrefixes' in filter) return serverFilterOf(codec, filter);
  const types = filter.types.map((type) => type.replace(/[^A-Za-z0-9]/g, '\\$&'));
  return { filterOn: 'eventType', regex: `^(?:${types.join('|')})$`, checkpointInterval: CHECKPOINT_INTERVAL };
}
