import { canonicalJson } from '../kernel/canonical.ts';
import { isFailure, messageOf } from '../kernel/errors.ts';
import { type Config, DEFAULT_SETTINGS } from '../machines/config/index.ts';
import { isCarryOver } from '../machines/carry-over.ts';
import type { ActorState, Command, Fact } from '../machines/define-actor.ts';
import { categoryOf, type EventStore, type StoredEvent } from '../store/event-store.ts';
import { isStoreRecord } from '../store/stream-metadata.ts';
import { ACTORS } from './catalogue.ts';
import { carriedBy, type Folded, foldEvent, startFold } from './fold.ts';

/** What a replay found: every recorded command was decided again, or the first that came out differently. */
export interface ReplayReport {
  events: number;
  streams: number;
  commands: number;
  /** Events of types that this version does not know; kept, passed over. */
  unknown: number;
  position: bigint;
  difference: { stream: string; position: string; command: string; recorded: unknown; decided: unknown } | null;
}

/**
 * Folds the log and runs each recorded command through `decide` again, with the state, time, settings and principal it
 * had. Pure: nothing is appended, no process runs.
 */
export async function replay(
  store: Pick<EventStore, 'readAll'>,
  onProgress?: (events: number) => void,
): Promise<ReplayReport> {
  const streams = new Map<string, Folded>();
  const configs = new Map<number, Command['config']>([[0, { version: 0, settings: DEFAULT_SETTINGS }]]);
  const report: ReplayReport = { events: 0, streams: 0, commands: 0, unknown: 0, position: 0n, difference: null };
  let pending: { stream: string; facts: Fact[]; left: number; decided: unknown; first: StoredEvent } | null = null;

  for await (const event of store.readAll()) {
    const kind = ACTORS.get(categoryOf(event.stream));
    report.events++;
    report.position = event.position;
    if (report.events % 10_000 === 0) onProgress?.(report.events);
    const carryOver = kind && isCarryOver(kind, event.type);
    if (!carryOver && !kind?.facts[event.type] && !isStoreRecord(event)) report.unknown++;
    if (!kind) continue;
    let folded = streams.get(event.stream);
    if (!folded) streams.set(event.stream, (folded = startFold(kind, event.stream)));

    const recorded = event.meta.command;
    if (recorded) {
      report.commands++;
      const config = configs.get(recorded.config) ?? { version: recorded.config, settings: DEFAULT_SETTINGS };
      const command = {
        ...recorded,
        input: recorded.input ?? event.data,
        actor: event.meta.actor,
        at: event.at,
        config,
      };
      pending = {
        stream: event.stream,
        facts: [],
        left: event.meta.count ?? 1,
        decided: again(kind, command, folded.state),
        first: event,
      };
    }
    try {
      foldEvent(kind, folded, event);
    } catch (error) {
      report.difference = {
        stream: event.stream,
        position: String(event.position),
        command: '(fold)',
        recorded: event.type,
        decided: messageOf(error),
      };
      break;
    }
    if (carryOver && event.type === 'CarriedFrom') {
      report.difference = carriedOtherwise(event, folded, streams.get(String(event.data.from)));
      if (report.difference) break;
    }
    if (kind.kind === 'config') {
      const { version, settings } = folded.state.context as Config;
      configs.set(version, { version, settings });
    }
    if (!pending || pending.stream !== event.stream) continue;
    pending.facts.push({ type: event.type, v: event.v, data: event.data });
    if (--pending.left > 0) continue;
    if (canonicalJson(pending.facts) !== canonicalJson(pending.decided)) {
      const { first, facts, decided, stream } = pending;
      report.difference = {
        stream,
        position: String(first.position),
        command: String(first.meta.command?.name),
        recorded: facts,
        decided,
      };
      break;
    }
    pending = null;
  }
  report.streams = streams.size;
  return report;
}

/** What an actor took along is compared with what its earlier stream leads to. */
function carriedOtherwise(
  { stream, position }: StoredEvent,
  carried: Folded,
  earlier: Folded | undefined,
): ReplayReport['difference'] {
  const recorded = { ...carriedBy(carried), from: earlier?.stream };
  const decided = earlier && carriedBy(earlier);
  if (canonicalJson(recorded) === canonicalJson(decided ?? null)) return null;
  return { stream, position: String(position), command: '(carry over)', recorded, decided: decided ?? null };
}

function again(
  kind: NonNullable<ReturnType<typeof ACTORS.get>>,
  command: unknown,
  state: ActorState<unknown>,
): unknown {
  try {
    const facts = kind.decide(command as never, kind.propose(state));
    return isFailure(facts) ? { refused: facts.code } : facts;
  } catch (error) {
    return { crashed: messageOf(error) };
  }
}
