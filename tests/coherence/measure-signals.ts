import { SIGNALS, type SignalName } from '../../src/machines/guardian/index.ts';
import { play, type Scenario } from './scenario.ts';

export interface Tally {
  signal: SignalName;
  /** Scenarios in which it should be in trouble. */
  expected: number;
  right: number;
  falseAlarms: number;
  missed: number;
}

export interface Wrong {
  scenario: string;
  signal: SignalName;
  how: 'false alarm' | 'missed' | 'missed: not measured';
  why: string;
}

/** Each signal over all scenarios; a signal that could not be measured and should have been in trouble is missed. */
export function measureSignals(scenarios: readonly Scenario[]): { tallies: Tally[]; wrong: Wrong[] } {
  const tallies = SIGNALS.map((signal): Tally => ({ signal, expected: 0, right: 0, falseAlarms: 0, missed: 0 }));
  const wrong: Wrong[] = [];
  for (const scenario of scenarios) {
    const { warned, unknown, last } = play(scenario);
    for (const tally of tallies) {
      const { signal } = tally;
      const isExpected = scenario.expects.includes(signal);
      const isWarned = warned.has(signal);
      const note = (how: Wrong['how']) =>
        wrong.push({ scenario: scenario.name, signal, how, why: warned.get(signal) ?? last[signal].why });
      tally.expected += isExpected ? 1 : 0;
      if (isExpected && isWarned) tally.right++;
      else if (isWarned) {
        tally.falseAlarms++;
        note('false alarm');
      } else if (isExpected) {
        tally.missed++;
        note(unknown.includes(signal) ? 'missed: not measured' : 'missed');
      }
    }
  }
  return { tallies, wrong };
}

/** Of what was warned of, the share that was rightly; null: nothing was. */
export function precision({ right, falseAlarms }: Tally): number | null {
  return right + falseAlarms === 0 ? null : right / (right + falseAlarms);
}

/** Of what should have been warned of, the share that was; null: nothing should. */
export function recall({ right, expected }: Tally): number | null {
  return expected === 0 ? null : right / expected;
}
