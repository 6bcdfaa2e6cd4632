export const FORMULAS = ['ochiai', 'tarantula', 'dstar'] as const;
export type Formula = (typeof FORMULAS)[number];

/** How often a place ran: `failedRan` of `failed` failing tests ran it, and `passedRan` of `passed` passing ones. */
export interface Runs {
  failedRan: number;
  passedRan: number;
  failed: number;
  passed: number;
}

/** How suspicious a place is: 0 when no failing test ran it, 1 when all of them did and no passing one. */
export function suspicionBy(formula: Formula, runs: Runs): number {
  const { failedRan, passedRan, failed, passed } = runs;
  if (failedRan === 0) return 0;
  switch (formula) {
    case 'ochiai':
      return ochiai(failedRan, passedRan, failed);
    case 'tarantula': {
      const [inFailed, inPassed] = [failedRan / failed, passed === 0 ? 0 : passedRan / passed];
      // Its quotient alone is 1 for a place that one of many failing tests ran; the part of them that did tells more.
      return (inFailed / (inFailed + inPassed)) * inFailed;
    }
    case 'dstar': {
      // D*, with the star 2, has no upper end; folded into 0 … 1, the order stays.
      const against = passedRan + (failed - failedRan);
      return failedRan ** 2 / (failedRan ** 2 + against);
    }
  }
}

/**
 * Ochiai's similarity between "this ran" and "the test failed": 1 when it ran in every failing test and no passing one.
 * `failedRan` and `passedRan` count tests in which it ran, `failed` all failing tests.
 */
export function ochiai(failedRan: number, passedRan: number, failed: number): number {
  return failedRan === 0 ? 0 : failedRan / Math.sqrt(failed * (failedRan + passedRan));
}
