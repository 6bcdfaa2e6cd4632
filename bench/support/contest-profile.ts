import { availableParallelism } from 'node:os';
import type { Told } from '../../tests/support/operator.ts';
import type { Contest } from './contest.ts';
import { processorSeconds, runnableThreads } from './processor-time.ts';

const EVERY_MS = 100;

/** How much processor time had been used when, and how many cores could have been. */
export interface Sample {
  at: number;
  seconds: number;
  wanted: number;
}

/** Looks at a server and all below it ten times a second, which itself costs some hundredths of a core. */
export function sampleProcessorTime(pid: number): { stop(): Sample[] } {
  const samples: Sample[] = [];
  const look = () => {
    const wanted = Math.min(availableParallelism(), runnableThreads(pid));
    samples.push({ at: Date.now(), seconds: processorSeconds(pid), wanted });
  };
  look();
  const timer = setInterval(look, EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      look();
      return samples;
    },
  };
}

/** The moments between which a contest has something else to do, in their order. */
const MOMENTS: readonly { after: string; type: string; which: 'first' | 'last' }[] = [
  { after: 'asked for', type: 'BestOfNStarted', which: 'first' },
  { after: 'run opened, base checked', type: 'MutationStarted', which: 'first' },
  { after: 'variants made', type: 'BuildingStarted', which: 'first' },
  { after: 'first agent started', type: 'AgentStarted', which: 'first' },
  { after: 'last agent started', type: 'AgentStarted', which: 'last' },
  { after: 'first agent ended', type: 'AgentExited', which: 'first' },
  { after: 'last agent ended', type: 'AgentExited', which: 'last' },
  { after: 'last candidate checked', type: 'BuildEnded', which: 'last' },
  { after: 'scored, winner selected', type: 'WinnerSelected', which: 'first' },
  { after: 'winner merged', type: 'BestOfNCompleted', which: 'first' },
  { after: 'run over', type: 'WorkflowCompleted', which: 'first' },
];

/**
 * Where a contest's time went: a line for each step, with the cores that were busy in it for the contest, and those that it
 * could have used: what is missing between the two was somebody else's, and what is missing above them was waited.
 */
export function profileOf({ events }: Contest, samples: readonly Sample[]): string {
  const steps = MOMENTS.flatMap(({ after, type, which }) => {
    const found = events.filter((event) => event.type === type);
    const event: Told | undefined = which === 'first' ? found[0] : found.at(-1);
    return event ? [{ after, at: event.at }] : [];
  });
  // An agent whose work was sent back begins again after others have ended.
  steps.sort((a, b) => a.at - b.at);
  const lines = steps.slice(1).map(({ after, at }, n) => {
    const from = (steps[n] as { at: number }).at;
    const busy = at > from ? (usedAt(samples, at) - usedAt(samples, from)) / ((at - from) / 1000) : 0;
    const looks = samples.filter((sample) => sample.at > from && sample.at <= at);
    const wanted = looks.reduce((sum, sample) => sum + sample.wanted, 0) / looks.length;
    return `  ${after.padEnd(26)} ${String(at - from).padStart(7)} ms ${busy.toFixed(2).padStart(7)} ${Number.isNaN(wanted) ? '      –' : wanted.toFixed(2).padStart(7)}`;
  });
  const head = `  ${'until'.padEnd(26)} ${'took'.padStart(10)} ${'busy'.padStart(7)} ${'wanted'.padStart(7)}  of ${availableParallelism()} cores`;
  return ['where the time goes:', head, ...lines].join('\n');
}

/** Between two looks, as if it were used evenly. */
function usedAt(samples: readonly Sample[], at: number): number {
  const next = samples.findIndex((sample) => sample.at >= at);
  const [before, after] = [samples[Math.max(0, next - 1)] as Sample, samples[next] ?? (samples.at(-1) as Sample)];
  const part = after.at > before.at ? (at - before.at) / (after.at - before.at) : 0;
  return before.seconds + Math.min(1, Math.max(0, part)) * (after.seconds - before.seconds);
}
