import { hash } from 'node:crypto';
import type { OutputForm } from '../runtime/agents/turn-failure.ts';
import { errorOf, isErrorLine, likeness, sameness } from '../runtime/agents/error-line.ts';
import { type Sighting, sightings } from '../runtime/agents/steps.ts';
import type { AgentObservation } from '../runtime/runner.ts';

/**
 * What is remembered of an agent from one look to the next: bounded, and a cache. After a restart it is made again from
 * the end of the transcript.
 */
export interface Watch {
  /** Looked at without a break since (epoch ms). */
  since: number;
  /** The last look; null: none yet. */
  measuredAt: number | null;
  nextAt: number;
  looks: number;
  /** How far its output was read. */
  cursor: number | null;
  /** What has begun and not ended, by its id. */
  running: Map<string, string>;
  steps: Step[];
  errors: { error: string; action: string; look: number }[];
  processor: { ms: number; at: number } | null;
  /** The share of one processor that it took between the last two looks. */
  busy: number | null;
}

interface Step {
  action: string;
  /** Action and outcome. */
  key: string;
  /** Nothing like it was seen in the steps that are remembered. */
  isNew: boolean;
}

const STEPS_MAX = 80;
const ERRORS_MAX = 60;
const RUNNING_MAX = 20;
/** An error that has not come back for so many looks is over. */
const ERROR_LOOKS = 20;
const ACTION_CHARS_MAX = 160;

export function beginWatch(now: number, nextAt: number): Watch {
  return {
    ...{ since: now, measuredAt: null, nextAt, looks: 0, cursor: null, running: new Map() },
    ...{ steps: [], errors: [], processor: null, busy: null },
  };
}

/** Takes in what was seen. */
export function notice(watch: Watch, seen: AgentObservation, form: OutputForm, now: number): void {
  watch.looks++;
  watch.cursor = seen.nextCursor;
  watch.busy = busyOf(watch, seen.processorMs, now);
  watch.processor = seen.processorMs === null ? null : { ms: seen.processorMs, at: now };
  const lines = new Set<string>();
  for (const sighting of sightings(form, seen.text)) {
    if (sighting.kind === 'line') {
      if (isErrorLine(sighting.text)) lines.add(likeness(sighting.text));
    } else if (sighting.kind === 'call') begin(watch, sighting);
    else end(watch, sighting);
  }
  // Of plain text nobody knows which lines belong to one try: each look counts as one.
  for (const error of lines) watch.errors.push({ error, action: '', look: watch.looks });
  watch.errors = watch.errors.filter(({ look }) => look > watch.looks - ERROR_LOOKS).slice(-ERRORS_MAX);
}

function busyOf({ processor }: Watch, ms: number | null, now: number): number | null {
  if (ms === null || processor === null || now <= processor.at) return null;
  // Less than before: a process that had been counted is gone, and was not waited for.
  return Math.max(0, ms - processor.ms) / (now - processor.at);
}

function begin({ running }: Watch, { id, action }: Extract<Sighting, { kind: 'call' }>): void {
  running.set(id, action);
  for (const oldest of running.keys()) if (running.size > RUNNING_MAX) running.delete(oldest);
}

function end(watch: Watch, { id, outcome, failed, unique, ...result }: Extract<Sighting, { kind: 'result' }>): void {
  const full = result.action || watch.running.get(id) || '';
  const known = watch.running.delete(id);
  // Begun before this watch did, and asked of us: what it was about was passed over.
  if (full === '' && !known) return;
  const action = full.replace(/\s+/g, ' ').slice(0, ACTION_CHARS_MAX);
  const key = unique ? `${id} ${watch.looks} ${watch.steps.length}` : keyOf(full, failed, outcome);
  const isNew = unique === true || !watch.steps.some((step) => step.key === key);
  watch.steps = [...watch.steps, { action, key, isNew }].slice(-STEPS_MAX);
  if (failed) watch.errors.push({ error: errorOf(outcome, action), action, look: watch.looks });
  // What works now is not wrong any more.
  else watch.errors = watch.errors.filter((one) => one.action !== action);
}

function keyOf(action: string, failed: boolean, outcome: string): string {
  return hash('sha1', `${action}\0${failed}\0${sameness(outcome)}`);
}

/** The most frequent error among those remembered, and whether the last two looks have seen it. */
export function mostRepeatedError({ errors, looks }: Watch): { times: number; error: string | null; fresh: boolean } {
  const counted = most(errors.map(({ error }) => error));
  if (!counted) return { times: 0, error: null, fresh: false };
  const last = errors.findLast(({ error }) => error === counted.value);
  return { times: counted.times, error: counted.value, fresh: (last?.look ?? 0) >= looks - 1 };
}

/** The most frequent step since anything new happened, the first time included. */
export function mostRepeatedStep({ steps }: Watch): { times: number; action: string | null; stale: number } {
  const stale = steps.slice(steps.findLastIndex(({ isNew }) => isNew) + 1);
  const counted = most(stale.map(({ key }) => key));
  const step = stale.find(({ key }) => key === counted?.value);
  if (!counted || !step) return { times: steps.length > 0 ? 1 : 0, action: null, stale: 0 };
  return { times: counted.times + 1, action: step.action, stale: stale.length };
}

function most(values: readonly string[]): { value: string; times: number } | null {
  const times = new Map<string, number>();
  for (const value of values) times.set(value, (times.get(value) ?? 0) + 1);
  const [first] = [...times].sort(([, one], [, other]) => other - one);
  return first ? { value: first[0], times: first[1] } : null;
}
