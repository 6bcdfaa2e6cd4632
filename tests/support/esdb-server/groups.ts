import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../src/kernel/clock.ts';
import { createGroup, type Feed, type Group } from '../../../src/store/groups/group.ts';
import type { ProgressChange, SavedProgress } from '../../../src/store/groups/ledger.ts';
import type { EsdbLog, Recorded } from './log.ts';
import { type FilterExpression, passing } from './messages.ts';

/**
 * The server's persistent subscriptions. What they know lies in system streams of the log, as in an EventStoreDB, so it
 * is there again when the server starts again over the same log:
 *
 *     $persistentSubscriptionConfig                          all groups, in its last event
 *     $persistentsubscription-<stream>::<group>-checkpoint   how far it has come, in its last event
 *     $persistentsubscription-<stream>::<group>-parked       links to what is parked, with the reason
 */
export interface GroupConfig {
  /** A stream's name, or `$all`. */
  source: string;
  name: string;
  /** In the server's words: `0`, `-1` for the end, `C:1/P:1`. */
  startFrom: string;
  /** The first event is behind this revision or position. */
  after: number;
  maxRetryCount: number;
  messageTimeoutMs: number;
  filter: FilterExpression | undefined;
}

export interface ServerGroup {
  config: GroupConfig;
  work: Group<Recorded>;
}

export interface ServerGroups {
  find(source: string, name: string): ServerGroup | undefined;
  all(): ServerGroup[];
  /** Makes it, or changes it and drops its consumers. */
  put(config: GroupConfig): void;
  remove(group: ServerGroup): void;
  close(): void;
}

const CONFIG_STREAM = '$persistentSubscriptionConfig';
export const streamOf = ({ source, name }: Pick<GroupConfig, 'source' | 'name'>) =>
  `$persistentsubscription-${source}::${name}`;

/** Why a consumer is ended that did not leave by itself. */
export class Dropped extends Error {}

export function createServerGroups(log: EsdbLog, clock: Clock): ServerGroups {
  const groups = new Map<string, ServerGroup>();
  const unwatch = log.watch(() => {
    for (const { work } of groups.values()) work.wake();
  });

  function add(config: GroupConfig): void {
    const group: ServerGroup = {
      config,
      work: createGroup<Recorded>({
        feed: feedOf(log, config),
        after: BigInt(config.after),
        settings: settingsOf(config),
        saved: readProgress(log, config),
        save(change) {
          if (groups.get(streamOf(config)) === group) writeProgress(log, group.config, change);
        },
        clock,
      }),
    };
    groups.set(streamOf(config), group);
  }

  function saveConfig(): void {
    write(
      log,
      CONFIG_STREAM,
      '$PersistentConfig1',
      [...groups.values()].map(({ config }) => config),
    );
  }

  const kept = log.visible(CONFIG_STREAM);
  if (Array.isArray(kept)) for (const config of jsonOf(kept.at(-1)) as GroupConfig[]) add(config);

  return {
    find: (source, name) => groups.get(streamOf({ source, name })),
    all: () => [...groups.values()],
    put(config) {
      const known = groups.get(streamOf(config));
      if (known) {
        known.config = config;
        known.work.configure(settingsOf(config));
        known.work.dismiss(new Dropped());
      } else add(config);
      saveConfig();
    },
    remove({ config, work }) {
      groups.delete(streamOf(config));
      work.dismiss(new Dropped());
      for (const part of ['checkpoint', 'parked'])
        if (Array.isArray(log.visible(`${streamOf(config)}-${part}`))) log.remove(`${streamOf(config)}-${part}`, 'any');
      saveConfig();
    },
    close() {
      unwatch();
      for (const { work } of groups.values()) work.dismiss();
      groups.clear();
    },
  };
}

function settingsOf({ maxRetryCount, messageTimeoutMs }: GroupConfig) {
  return { retriesMax: maxRetryCount, messageTimeoutMs };
}

function feedOf(log: EsdbLog, config: GroupConfig): Feed<Recorded> {
  const whole = config.source === '$all';
  const passes = config.filter ? passing(config.filter) : () => true;
  const keyOf = (event: Recorded) => BigInt(whole ? event.position : event.revision);
  const own = `${streamOf(config)}-`;

  function events(): readonly Recorded[] {
    if (whole) return log.events.filter((event) => passes(event) && !event.stream.startsWith(own));
    const visible = log.visible(config.source);
    return typeof visible === 'string' ? [] : visible;
  }

  return {
    keyOf,
    async page(after, limit) {
      const end = whole ? log.events.at(-1) : events().at(-1);
      const behind = events().filter((event) => keyOf(event) > after);
      const page = behind.slice(0, limit);
      const more = behind.length > limit;
      const last = more ? page.at(-1) : end;
      return { events: page, through: last && keyOf(last) > after ? keyOf(last) : after, more };
    },
    at: async (key) => events().find((event) => keyOf(event) === key),
  };
}

function readProgress(log: EsdbLog, config: GroupConfig): SavedProgress {
  const checkpoints = log.visible(`${streamOf(config)}-checkpoint`);
  const parked = log.visible(`${streamOf(config)}-parked`);
  const checkpoint = Array.isArray(checkpoints) ? (jsonOf(checkpoints.at(-1)) as { upTo: string }).upTo : undefined;
  return {
    checkpoint: checkpoint === undefined ? null : BigInt(checkpoint),
    parked: new Map(Array.isArray(parked) ? parked.map((link) => [linked(log, config, link), ''] as const) : []),
  };
}

function writeProgress(log: EsdbLog, config: GroupConfig, { checkpoint, parked, unparked }: ProgressChange): void {
  const stream = `${streamOf(config)}-parked`;
  for (const [key, reason] of parked) {
    const event = log.events.find((one) =>
      config.source === '$all'
        ? BigInt(one.position) === key
        : one.stream === config.source && BigInt(one.revision) === key,
    );
    write(log, stream, '$>', `${event?.revision}@${event?.stream}`, { added: new Date().toISOString(), reason });
  }
  if (unparked.size > 0) {
    const links = log.visible(stream);
    const oldest = Array.isArray(links) ? links.find((link) => !unparked.has(linked(log, config, link))) : undefined;
    const $tb = oldest?.revision ?? ((Array.isArray(links) ? links.at(-1)?.revision : undefined) ?? -1) + 1;
    write(log, `$$${stream}`, '$metadata', { $tb });
  }
  if (checkpoint !== null)
    write(log, `${streamOf(config)}-checkpoint`, '$SubscriptionCheckpoint', { upTo: String(checkpoint) });
}

/** The key of the event that a link of the parked stream stands for. */
function linked(log: EsdbLog, { source }: GroupConfig, link: Recorded): bigint {
  const [, revision, stream] = /^(\d+)@(.*)$/.exec(Buffer.from(link.data).toString()) ?? [];
  const event = log.events.find((one) => one.stream === stream && one.revision === Number(revision));
  return BigInt((source === '$all' ? event?.position : event?.revision) ?? -1);
}

function write(log: EsdbLog, stream: string, type: string, data: unknown, metadata?: unknown): void {
  const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  const contentType = typeof data === 'string' ? 'application/octet-stream' : 'application/json';
  const event = { id: randomUUID(), type, contentType, data: bytes(data), metadata: bytes(metadata ?? '') };
  log.append(stream, 'any', [event]);
}

function jsonOf(event: Recorded | undefined): unknown {
  return JSON.parse(Buffer.from(event?.data ?? []).toString());
}
