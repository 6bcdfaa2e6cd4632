import { globExpression } from '../kernel/glob.ts';
import type { Agent } from '../machines/agent/index.ts';
import type { AgentPreset, Settings } from '../machines/config/index.ts';
import type { Measured } from '../machines/guardian/index.ts';
import type { Task } from '../machines/task/index.ts';
import type { Phase, Workflow } from '../machines/workflow/index.ts';
import type { AgentObservation, TouchedFiles } from '../runtime/runner.ts';
import { mostRepeatedError, mostRepeatedStep, type Watch } from './watches.ts';

/** Everything that the measures of an agent are made of; none of it is judged here. */
export interface Measuring {
  now: number;
  watch: Watch;
  /** Null: it could not be looked at, for the reason beside it. */
  seen: AgentObservation | null;
  reason: string;
  activity: string;
  agent: Agent;
  task: Pick<Task, 'spec' | 'failing'> | null;
  phase: Phase | null;
  baseline: Workflow['baseline'];
  preset: AgentPreset | null;
  /** When it was last heard of, by output or report (epoch ms). */
  heardAt: number;
  /** What its run has used. */
  usage: { costUsd: number; tokens: number };
  settings: Settings;
}

const QUOTE_CHARS_MAX = 300;
const EXAMPLES_MAX = 5;
const quote = (text: string) => (text.length > QUOTE_CHARS_MAX ? `${text.slice(0, QUOTE_CHARS_MAX - 1)}…` : text);

export function measure(parts: Measuring): Measured {
  const { seen, preset, watch } = parts;
  const unseen = { unknown: quote(`It could not be looked at: ${parts.reason}`) };
  const isText = (preset?.output ?? 'text') === 'text';
  return {
    silence: seen ? silence(parts, seen) : unseen,
    repeated_errors: seen ? quoted(mostRepeatedError(watch), 'error') : unseen,
    loops: !seen
      ? unseen
      : isText
        ? { unknown: 'It prints plain text: its actions cannot be told apart.' }
        : quoted(mostRepeatedStep(watch), 'action'),
    outside_scope: outsideScope(parts, seen, unseen),
    budget: budget(parts),
    regression: regression(parts),
  };
}

function quoted<K extends string, T extends Record<K, string | null>>(measure: T, name: K): T {
  const text = measure[name];
  return text === null ? measure : { ...measure, [name]: quote(text as string) };
}

/** A time that nobody watched is no silence, so it counts from the beginning of the watch at most. */
function silence({ now, watch, activity, preset, heardAt, settings }: Measuring, seen: AgentObservation) {
  const last = Math.max(seen.lastOutputAt ?? 0, heardAt, watch.since);
  const [running] = [...watch.running.values()].slice(-1);
  return {
    silentMs: Math.max(0, now - last),
    promisedMs: preset?.silenceMs ?? settings.limits.agentSilenceMs,
    activity,
    running: running === undefined ? null : quote(running.replace(/\s+/g, ' ')),
    busy: watch.busy,
  };
}

/** What of the worktree the phase lets its tasks touch: nothing, what its globs name, or, null, everything. */
export function boundsOf(phase: Phase | null): { words: string; holds(path: string): boolean } | null {
  if (phase?.changes === 'none') return { words: 'no file', holds: () => false };
  if (!phase?.files) return null;
  const globs = phase.files.map(globExpression);
  return {
    words: quote(phase.files.join(', ')),
    holds: (path) => globs.some((glob) => glob.test(path)),
  };
}

function outsideScope(
  { phase }: Measuring,
  seen: AgentObservation | null,
  unseen: { unknown: string },
): Measured['outside_scope'] {
  const bounds = boundsOf(phase);
  if (!bounds) return { unknown: 'Its phase sets no bounds to what may be changed.' };
  if (!seen) return unseen;
  if (!seen.files)
    return { unknown: quote(`Its files could not be compared: ${seen.filesReason ?? 'nobody knows why'}`) };
  return countOutside(seen.files, bounds);
}

function countOutside(
  { paths, more }: TouchedFiles,
  bounds: NonNullable<ReturnType<typeof boundsOf>>,
): Measured['outside_scope'] {
  const outside = paths.filter((path) => !bounds.holds(path));
  return {
    touched: paths.length + more,
    outside: outside.length,
    examples: outside.slice(0, EXAMPLES_MAX).map(quote),
    scope: bounds.words,
  };
}

function budget({ now, agent, preset, usage, settings }: Measuring): Measured['budget'] {
  const { costUsdMax, tokensMax } = settings.budgets;
  const startedAt = agent.started?.startedAt;
  return {
    parts: [
      ...(startedAt === undefined
        ? []
        : [
            {
              what: 'time' as const,
              used: Math.max(0, now - startedAt),
              limit: preset?.wallMs ?? settings.limits.agentWallMs,
            },
          ]),
      ...(tokensMax > 0 ? [{ what: 'tokens' as const, used: usage.tokens, limit: tokensMax }] : []),
      ...(costUsdMax > 0 ? [{ what: 'cost' as const, used: usage.costUsd, limit: costUsdMax }] : []),
    ],
  };
}

/** From one verdict on the task's work to the next; the first is compared with the base. */
function regression({ task, baseline }: Measuring): Measured['regression'] {
  const failing = task?.failing ?? [];
  if (failing.length === 0) return { unknown: 'No verdict on its task’s work has counted tests yet.' };
  const known = typeof baseline?.failed === 'number' ? [baseline.failed] : [];
  const [before, after] = [...known, ...failing].slice(-2);
  if (before === undefined || after === undefined)
    return { unknown: 'There is one verdict that counted tests, and nothing to compare it with.' };
  return { before, after, round: failing.length };
}
