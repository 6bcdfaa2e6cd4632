import type { EventSelection, LiveEvents } from '../../queries/index.ts';
import { textFrame } from './frame.ts';
import type { Turn } from './outbox.ts';

type LiveEvent = Parameters<EventSelection['matches']>[0];

/**
 * What happens now, to all that follow it. Subscriptions with the same id and the same selection are given the same
 * bytes, so each event is printed once and each frame built once, however many there are:
 *
 *     batch ──► this turn's events ──► per group: those that match ──► one frame ──► each member's outbox
 */
export interface FanOut {
  /** From the next event on. What has been heard of before has been sent to the others when this returns. */
  join(member: Member, id: string, selection: EventSelection): void;
  leave(member: Member): void;
  /** Sends what has been heard of. */
  flush(): void;
  /** Every member has been sent all that concerns it up to here. */
  through(): bigint;
  close(): void;
}

export interface Member {
  /** Whether it may still be told; asked before each frame. */
  mayHear(): boolean;
  /** `count` events, the last of them at `position`. */
  hear(frame: Buffer, count: number, position: bigint): void;
}

/** A frame with more is cut into several, so that a client need not hold one that is as long as the log. */
const FRAME_BYTES = 512 * 1024;

interface Group {
  key: string;
  id: string;
  selection: EventSelection;
  members: Set<Member>;
}

export function createFanOut(events: LiveEvents, turn: Turn): FanOut {
  const groups = new Map<string, Group>();
  const groupOf = new Map<Member, Group>();
  let heard: LiveEvent[] = [];
  let through = events.position();
  let flushing = false;

  const unwatch = events.watch((batch) => {
    if (groups.size === 0 || batch.length === 0) return;
    if (heard.length === 0) turn.needed({ flush });
    heard.push(...batch);
  });

  function flush(): void {
    if (heard.length === 0) return;
    const now = heard;
    heard = [];
    flushing = true;
    const print = remembering((event: LiveEvent) => events.json(event));
    for (const { id, selection, members } of groups.values()) {
      const frames = eventFrames(id, now.filter(selection.matches), print);
      for (const { frame, count, last } of frames)
        for (const member of members) if (member.mayHear()) member.hear(frame, count, last.position);
    }
    through = (now.at(-1) as LiveEvent).position;
    flushing = false;
  }

  return {
    flush,
    through: () => (flushing || heard.length > 0 ? through : events.position()),
    join(member, id, selection) {
      flush();
      const key = `${id} ${selection.key}`;
      const group = groups.get(key) ?? { key, id, selection, members: new Set() };
      group.members.add(member);
      groups.set(key, group);
      groupOf.set(member, group);
    },
    leave(member) {
      const group = groupOf.get(member);
      if (!group) return;
      groupOf.delete(member);
      group.members.delete(member);
      if (group.members.size === 0) groups.delete(group.key);
    },
    close: unwatch,
  };
}

/** The events as `events` messages of a subscription, a bounded number of bytes in each. */
export function* eventFrames(
  id: string,
  matched: readonly LiveEvent[],
  print: (event: LiveEvent) => string,
): Generator<{ frame: Buffer; count: number; last: LiveEvent }> {
  for (let from = 0; from < matched.length; ) {
    const texts: string[] = [];
    let length = 0;
    let n = from;
    for (; n < matched.length && (n === from || length < FRAME_BYTES); n++) {
      const text = print(matched[n] as LiveEvent);
      texts.push(text);
      length += text.length;
    }
    const last = matched[n - 1] as LiveEvent;
    const head = `{"type":"events","id":${JSON.stringify(id)},"position":"${last.position}","events":[`;
    yield { frame: textFrame(`${head}${texts.join(',')}]}`), count: texts.length, last };
    from = n;
  }
}

function remembering<K extends object>(make: (key: K) => string): (key: K) => string {
  const made = new Map<K, string>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const text = make(key);
    made.set(key, text);
    return text;
  };
}
