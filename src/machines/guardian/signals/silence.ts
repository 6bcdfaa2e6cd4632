import type { Measure } from '../measured.ts';
import type { Thresholds } from '../thresholds.ts';
import { minutes, type Signal, signal } from './signal.ts';

/** A command may take longer than its agent may think: silent for so many times what was promised, it is odd all the same. */
const COMMAND_FACTOR = 4;
const WAITS: Readonly<Record<string, string>> = {
  needs_input: 'It waits for an answer.',
  rate_limited: 'Its provider lets it wait.',
};

/**
 * Silence by itself proves nothing: tests run for minutes without a word. So whether a command of its own runs, and
 * whether its processes use the processor, is asked too. All of the trouble, for which it may be stopped, is only there
 * where both were measured and nothing works.
 */
export function silence(
  { silentMs, promisedMs, activity, running, busy }: Measure<'silence'>,
  { busyShareMin }: Pick<Thresholds, 'busyShareMin'>,
): Signal {
  const waits = WAITS[activity];
  if (waits) return signal(0, waits);
  const said = `Silent for ${minutes(silentMs)}; its driver promises a sign every ${minutes(promisedMs)}`;
  if (silentMs < promisedMs) return signal(silentMs < promisedMs / 2 ? 0 : 0.25, `${said}.`);
  if (busy !== null && busy >= busyShareMin)
    return signal(0.25, `${said}, but its processes use ${Math.round(busy * 100)} % of a processor.`);
  if (running !== null && silentMs < COMMAND_FACTOR * promisedMs)
    return signal(0.25, `${said}, but a command of its own runs: ${running}.`);
  if (running !== null) return signal(0.75, `${said}, and its command has not ended: ${running}.`);
  if (busy === null) return signal(0.75, `${said}; whether its processes work cannot be measured.`);
  return signal(1, `${said}, and nothing of it works.`);
}
