import type { Clock } from '../../kernel/clock.ts';
import type { EventStore, StoredEvent } from '../event-store.ts';
import {
  type ConsumeOptions,
  type GroupId,
  type GroupInfo,
  IN_FLIGHT_DEFAULT,
  type NewGroup,
  type PersistentSubscriptions,
} from '../persistent-subscriptions.ts';
import { consume } from './consume.ts';
import { allFeed, streamFeed } from './feeds.ts';
import { createGroup, type Group } from './group.ts';
import { absent, checkGroup, checkInFlight, checkNewGroup, exists, settingsOf } from './settings.ts';
import type { GroupDefinition, GroupStates, SavedGroup } from './states.ts';

/** What the groups of an embedded log work with. */
export interface EmbeddedParts {
  log: Pick<EventStore, 'readStream' | 'readAll' | 'head'>;
  /** Opens what is kept, at the first use: a log that nobody consumes so has no file for it. */
  openStates: () => GroupStates;
  clock: Clock;
  /** Throws Fault `log.closed` once the store is. */
  assertOpen: () => void;
}

export interface EmbeddedGroups extends PersistentSubscriptions {
  /** Something was appended. */
  wake(): void;
  /** Ends all consumers, quietly, and saves how far they have come. */
  close(): Promise<void>;
}

interface Member {
  definition: GroupDefinition;
  group: Group<StoredEvent>;
  gone: boolean;
}

/** The groups of a log inside this process: memory's and SQLite's are the same, but for what they keep. */
export function createEmbeddedGroups({ log, openStates, clock, assertOpen }: EmbeddedParts): EmbeddedGroups {
  const members = new Map<string, Member>();
  let opened: GroupStates | undefined;

  function states(): GroupStates {
    assertOpen();
    if (opened) return opened;
    const opening = openStates();
    try {
      for (const saved of opening.all()) add(saved);
    } catch (error) {
      members.clear();
      opening.close();
      throw error;
    }
    opened = opening;
    return opened;
  }

  function add(saved: SavedGroup): void {
    const { group, settings, filter, after } = saved;
    const feed = group.stream === undefined ? allFeed(log, filter) : streamFeed(log, group.stream);
    const member: Member = {
      definition: saved,
      gone: false,
      group: createGroup<StoredEvent>({
        feed,
        after,
        settings,
        saved,
        clock,
        save(change) {
          if (!member.gone) opened?.advance(group, change);
        },
      }),
    };
    members.set(keyOf(group), member);
  }

  function find(group: GroupId): Member {
    checkGroup(group);
    states();
    const member = members.get(keyOf(group));
    if (!member) throw absent(group);
    return member;
  }

  /** The key behind which the group begins. */
  async function startOf({ stream }: GroupId, from: NewGroup['from'] = 'start'): Promise<bigint> {
    if (typeof from === 'bigint') return from - 1n;
    if (from === 'end' && stream === undefined) return log.head();
    if (from === 'end' && stream !== undefined)
      for await (const { revision } of log.readStream(stream, { direction: 'backwards', limit: 1 }))
        return BigInt(revision);
    return stream === undefined ? 0n : -1n;
  }

  function infoOf({ definition, group }: Member): GroupInfo {
    return { ...definition.group, ...definition.settings, ...group.counts() };
  }

  return {
    async create(group, options = {}) {
      checkGroup(group);
      checkNewGroup(group, options);
      const settings = settingsOf(options);
      const after = await startOf(group, options.from);
      const kept = states();
      if (members.has(keyOf(group))) throw exists(group);
      const { filter } = options;
      const definition: GroupDefinition = { group: { ...group }, settings, after, ...(filter && { filter }) };
      kept.create(definition);
      add({ ...definition, checkpoint: null, parked: new Map() });
    },
    async update(group, changes) {
      const member = find(group);
      const settings = settingsOf(changes, member.definition.settings);
      states().configure(group, settings);
      member.definition = { ...member.definition, settings };
      member.group.configure(settings);
    },
    async delete(group) {
      const member = find(group);
      states().remove(group);
      member.gone = true;
      members.delete(keyOf(group));
      member.group.dismiss(absent(group));
    },
    subscribe(group, { inFlightMax = IN_FLIGHT_DEFAULT, signal }: ConsumeOptions = {}) {
      checkGroup(group);
      checkInFlight(inFlightMax);
      assertOpen();
      return consume(signal, () => find(group).group.join(inFlightMax));
    },
    async replayParked(group) {
      find(group).group.replayParked();
    },
    async info(group) {
      return infoOf(find(group));
    },
    async list() {
      states();
      return [...members.values()].map(infoOf);
    },
    wake() {
      for (const { group } of members.values()) group.wake();
    },
    async close() {
      for (const { group } of members.values()) group.dismiss();
      await Promise.allSettled([...members.values()].map(({ group }) => group.flush()));
      opened?.close();
    },
  };
}

function keyOf({ name, stream = '' }: GroupId): string {
  return `${stream} ${name}`;
}
