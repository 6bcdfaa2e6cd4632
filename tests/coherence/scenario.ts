import { agentActor } from '../../src/machines/agent/index.ts';
import { agentPresetSchema, DEFAULT_SETTINGS } from '../../src/machines/config/index.ts';
import { judge, SIGNALS, type SignalName, type Signals } from '../../src/machines/guardian/index.ts';
import { noTask } from '../../src/machines/task/index.ts';
import { phaseSchema } from '../../src/machines/workflow/index.ts';
import { measure } from '../../src/processes/measuring-agents.ts';
import { beginWatch, notice } from '../../src/processes/watches.ts';
import { checkSummary } from '../support/examples.ts';
import type { Driver } from './drivers.ts';

/**
 * What a guardian sees of an agent, look by look, and which signals should be in trouble. The looks go through the product's
 * own parts: output is read, measured and judged as the server does, with the default settings.
 */
export interface Scenario {
  /** A sentence about what happens. */
  name: string;
  driver: Driver;
  looks: readonly Look[];
  /** What should be warned of; all else is a false alarm. */
  expects: readonly SignalName[];
  phase?: { changes?: 'none' | 'required'; files?: string[] };
  /** Failing tests at the base and at each verdict so far. */
  tests?: { base: number | null; verdicts: number[] };
  /** How long the agent has lived when it is first looked at. */
  livedMs?: number;
  tokens?: { used: number; limit: number };
}

export interface Look {
  /** What it printed since the last look, in whole lines. */
  prints?: string;
  /** The share of a processor that it used; null: not measurable. Default: what an agent takes that waits for its model. */
  busy?: number | null;
  /** The files that differ from the base by now. */
  files?: readonly string[];
  activity?: 'working' | 'needs_input' | 'rate_limited' | 'no_signal';
  /** So many looks alike; default 1. */
  times?: number;
}

const { intervalMs, thresholds, weights } = DEFAULT_SETTINGS.guardian;
const BEGIN = Date.UTC(2026, 0, 1);
const WAITING_FOR_A_MODEL = 0.01;

export interface Played {
  /** What was in trouble at any look, and why at the first. */
  warned: Map<SignalName, string>;
  /** What could never be measured. */
  unknown: SignalName[];
  last: Signals;
}

export function play(scenario: Scenario): Played {
  const preset = agentPresetSchema.parse({ argv: ['agent'], output: scenario.driver });
  const settings = {
    ...DEFAULT_SETTINGS,
    budgets: { ...DEFAULT_SETTINGS.budgets, tokensMax: scenario.tokens?.limit ?? 0 },
  };
  const startedAt = BEGIN - (scenario.livedMs ?? 0);
  const started = { holderPid: 1, pid: 2, startedAt, bootId: 'b', tokenHash: 't' };
  const watch = beginWatch(BEGIN, BEGIN + intervalMs);
  const phase = phaseSchema.parse({ name: 'fix', goal: 'It is mended.', role: 'fix', ...scenario.phase });
  const warned = new Map<SignalName, string>();
  const measuredOnce = new Set<SignalName>();
  let [now, printed, processorMs, lastOutputAt] = [BEGIN, 0, 0, BEGIN];
  let last: Signals | null = null;
  for (const look of scenario.looks.flatMap((one) => Array.from({ length: one.times ?? 1 }, () => one))) {
    now += intervalMs;
    const { prints = '', busy = WAITING_FOR_A_MODEL, files = [], activity = 'working' } = look;
    if (prints !== '') lastOutputAt = now - intervalMs / 2;
    printed += prints.length;
    processorMs += (busy ?? 0) * intervalMs;
    const seen = {
      ...{ agentId: 'agt_1', state: 'running' as const, outputBytes: printed, lastOutputAt, text: prints },
      ...{ nextCursor: printed, skippedBytes: 0, processorMs: busy === null ? null : processorMs },
      files: { paths: [...files], more: 0 },
    };
    notice(watch, seen, scenario.driver, now);
    const measured = measure({
      ...{ now, watch, seen, reason: '', activity, phase, preset, settings, heardAt: 0 },
      agent: { ...agentActor.initial(), started },
      task: { ...noTask(), failing: scenario.tests?.verdicts ?? [] },
      baseline: scenario.tests ? { ...checkSummary('failed'), failed: scenario.tests.base } : null,
      usage: { costUsd: 0, tokens: scenario.tokens?.used ?? 0 },
    });
    last = judge(measured, thresholds, weights).signals;
    for (const name of SIGNALS) {
      const { trouble, why } = last[name];
      if (trouble !== null) measuredOnce.add(name);
      if (trouble !== null && trouble >= thresholds.warnAt && !warned.has(name)) warned.set(name, why);
    }
  }
  if (!last) throw new Error(`${scenario.name}: nobody looks`);
  return { warned, unknown: SIGNALS.filter((name) => !measuredOnce.has(name)), last };
}
