import { HephError } from '../../kernel/errors.ts';
import { STREAM_PATTERN } from '../event-store.ts';
import { GROUP_DEFAULTS, type GroupId, type GroupSettings, type NewGroup } from '../persistent-subscriptions.ts';

const NAME_PATTERN = /^[A-Za-z0-9._-]{1,80}$/;
const RETRIES_MAX = 1000;
const TIMEOUT_MS_MAX = 24 * 60 * 60 * 1000;
export const IN_FLIGHT_MAX = 1000;

/** Throws Invalid `group.bad_settings`, `log.bad_stream`. */
export function checkGroup({ name, stream }: GroupId): void {
  if (!NAME_PATTERN.test(name)) throw bad(`${JSON.stringify(name.slice(0, 120))} is no name for a group`);
  if (stream !== undefined && !STREAM_PATTERN.test(stream))
    throw new HephError('log.bad_stream', `"${stream.slice(0, 120)}" is no stream name; streams are <category>-<id>`);
}

/** What is not given is as it was, or as by default. Throws Invalid `group.bad_settings`. */
export function settingsOf(given: Partial<GroupSettings>, before: GroupSettings = GROUP_DEFAULTS): GroupSettings {
  const { retriesMax = before.retriesMax, messageTimeoutMs = before.messageTimeoutMs } = given;
  checkCount('retriesMax', retriesMax, 0, RETRIES_MAX);
  checkCount('messageTimeoutMs', messageTimeoutMs, 1, TIMEOUT_MS_MAX);
  return { retriesMax, messageTimeoutMs };
}

/** Throws Invalid `group.bad_settings`. */
export function checkNewGroup({ stream }: GroupId, { from, filter }: NewGroup): void {
  if (typeof from === 'bigint' && from < 0n) throw bad(`from is ${from}, but revisions and positions are not negative`);
  if (filter && stream !== undefined) throw bad('a group over one stream takes no filter');
  if (filter && listOf(filter).length === 0) throw bad('a filter that names nothing lets nothing pass');
}

export function checkInFlight(inFlightMax: number): void {
  checkCount('inFlightMax', inFlightMax, 1, IN_FLIGHT_MAX);
}

export function absent({ name, stream }: GroupId): HephError {
  return new HephError('group.absent', `there is no group ${name} over ${stream ?? 'the whole log'}`, {
    details: { name, stream },
  });
}

export function exists({ name, stream }: GroupId): HephError {
  return new HephError('group.exists', `there is a group ${name} over ${stream ?? 'the whole log'} already`, {
    details: { name, stream },
  });
}

function listOf(filter: NonNullable<NewGroup['filter']>): readonly string[] {
  return 'types' in filter ? filter.types : filter.streamPrefixes;
}

function checkCount(what: string, value: number, least: number, most: number): void {
  if (!Number.isSafeInteger(value) || value < least || value > most)
    throw bad(`${what} is ${value}, not a whole number from ${least} to ${most}`);
}

function bad(message: string): HephError {
  return new HephError('group.bad_settings', message);
}
