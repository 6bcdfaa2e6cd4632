import { type CheckOutcome, countChecks, type CheckRun, type Progress } from '../../../checks/index.ts';
import { plainLine, plainText } from '../../../kernel/plain-text.ts';
import { duration } from '../../words/index.ts';
import type { Output } from '../output.ts';
import type { World } from '../world.ts';

const MARKS: Readonly<Record<CheckOutcome['status'], string>> = {
  passed: 'ok       ',
  failed: 'FAILED   ',
  warning: 'warning  ',
  flaky: 'flaky    ',
  skipped: 'skipped  ',
  cancelled: 'cancelled',
};
const TAIL_LINES = 25;
const REDRAW_MS = 250;

/** Tells a run as it happens: a line per check that is over and, on a terminal, a line that says what runs now. */
export function createProgress(world: World, output: Output): { hear(progress: Progress): void; end(): void } {
  const live = (world.stdout.isTTY ?? false) && !output.json;
  const running = new Map<string, number>();
  let cancel = () => {};

  function draw(): void {
    cancel();
    if (!live) return;
    const now = world.clock.monotonicMs();
    const words = [...running].map(([name, since]) => `${name} ${duration(now - since)}`);
    world.stdout.write(
      `\r\x1b[2K${words.length > 0 ? plainLine(`running: ${words.join(', ')}`, (world.stdout.columns ?? 80) - 1) : ''}`,
    );
    cancel = words.length > 0 ? world.clock.after(REDRAW_MS, draw) : () => {};
  }
  function say(lines: readonly string[]): void {
    if (live) world.stdout.write('\r\x1b[2K');
    for (const line of lines) output.say(line);
    draw();
  }

  return {
    hear(progress) {
      if (progress.type === 'ended') output.record({ ...progress.outcome, type: 'check' });
      else output.record(progress);
      if (progress.type === 'started') {
        running.set(progress.name, world.clock.monotonicMs());
        if (progress.attempt > 1) say([`again    ${progress.name}: attempt ${progress.attempt}`]);
        else draw();
      } else if (progress.type === 'waiting') say([`waiting  ${progress.name}: ${plainLine(progress.text)}`]);
      else if (progress.type === 'ended') {
        running.delete(progress.outcome.name);
        say(linesOf(progress.outcome));
      }
    },
    end() {
      running.clear();
      draw();
    },
  };
}

function linesOf(outcome: CheckOutcome): string[] {
  const { name, status, cached, why, tail, output, next, tests, durationMs, attempts } = outcome;
  const from = cached ? 'from cache: ' : '';
  const counts = tests ? `; ${tests.passed} tests passed, ${tests.failed} failed${newly(tests.newlyFailing)}` : '';
  const took = attempts > 0 ? ` (${duration(durationMs)})` : '';
  const lines = [`${MARKS[status]} ${plainLine(name)}  ${plainLine(`${from}${why}${counts}${took}`, 300)}`];
  if (status === 'failed' || status === 'warning' || status === 'flaky') {
    for (const line of plainText(tail).trimEnd().split('\n').slice(-TAIL_LINES))
      if (line) lines.push(`          │ ${line}`);
    if (output) lines.push(`          the whole output: ${plainLine(output, 500)}`);
    if (next) lines.push(`          → ${plainLine(next, 300)}`);
  }
  return lines;
}

function newly(ids: readonly string[] | null): string {
  return ids === null ? '' : ids.length === 0 ? ', none of them newly' : `, newly: ${ids.slice(0, 5).join(', ')}`;
}

/** The last lines about a run: what it came to, what the cache saved, what was mended. */
export function sayReport(run: CheckRun, output: Output): void {
  const counts = countChecks(run.checks);
  const cached = counts.cached > 0 ? ` (${counts.cached} from the cache, which saved ${duration(run.savedMs)})` : '';
  const parts = (['failed', 'warning', 'flaky', 'skipped', 'cancelled'] as const).filter(
    (status) => counts[status] > 0,
  );
  const words = {
    failed: 'failed',
    warning: counts.warning === 1 ? 'warning' : 'warnings',
    flaky: 'flaky',
    skipped: 'skipped',
    cancelled: 'cancelled',
  };
  const rest = parts.map((status) => `, ${counts[status]} ${words[status]}`).join('');
  for (const fix of run.fixes) output.say(`mended    ${plainLine(fix, 300)}`);
  if (run.webhook && !run.webhook.delivered) output.note(`The webhook was not told: ${plainLine(run.webhook.detail)}`);
  output.say(`\n${counts.passed} passed${cached}${rest}, in ${duration(run.durationMs)}.`);
  output.record({ ...run, checks: undefined, type: 'report', counts });
}
