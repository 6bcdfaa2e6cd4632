import { plainLine, plainText } from '../../../kernel/plain-text.ts';
import { ago, count, duration, known, wordOf } from '../../words/index.ts';
import { table } from '../output.ts';

interface Summary {
  command: string;
  status: string;
  passed: number | null;
  failed: number | null;
}

export interface ChecksAnswer {
  rows: Record<
    string,
    {
      kind: string;
      verdict: string;
      evidence: { eventId: string };
      workflowId: string | null;
      taskId: string | null;
      title: string | null;
      folder: string | null;
      summary: Summary | null;
      durationMs: number | null;
      savedMs: number | null;
      checks: { name: string; status: string }[] | null;
      ageMs: number;
    }
  >;
  summary: { more: boolean };
}

/** A row for each, the newest first. */
export function checksLines({ rows, summary }: ChecksAnswer): string[] {
  const list = Object.values(rows);
  if (list.length === 0) return ['No check fits.'];
  const cells = list.map((one) => [
    one.kind,
    wordOf(one.verdict),
    one.title ?? one.taskId ?? one.folder ?? one.workflowId,
    countsOf(one),
    known(one.durationMs, duration),
    one.savedMs ? duration(one.savedMs) : null,
    ago(one.ageMs),
    one.evidence.eventId,
  ]);
  const headings = ['check', 'verdict', 'of', 'what', 'took', 'saved', 'when', 'event'];
  return [...table(headings, cells), ...(summary.more ? ['There are more: ask for them with --limit.'] : [])];
}

function countsOf({ checks, summary }: ChecksAnswer['rows'][string]): string {
  if (checks !== null) {
    const red = checks.filter(({ status }) => status === 'failed').map(({ name }) => name);
    return red.length > 0 ? `${red.join(', ')} failed` : count(checks.length, 'check');
  }
  if (summary === null) return '';
  const { command, passed, failed } = summary;
  return passed === null ? command : `${passed} passed, ${failed ?? 0} failed`;
}

export interface CheckAnswer {
  text: string;
  results: {
    of: string;
    summary: Summary;
    tail: string | null;
    checks: { name: string; status: string; cached: boolean; why: string; durationMs: number }[] | null;
    failures: { name: string; file: string; message: string | null }[] | null;
    failuresMore: number;
    missing: string | null;
  }[];
}

const OF: Readonly<Record<string, string>> = {
  work: 'The check',
  own_judge: 'With the judge that the work has itself',
  base_judge: 'With the judge of the base',
};

/** Each check of it, what failed, and the end of the output. */
export function checkLines({ text, results }: CheckAnswer): string[] {
  return [plainLine(text, 500), ...results.flatMap(resultLines)];
}

function resultLines({ of, summary, tail, checks, failures, failuresMore, missing }: CheckAnswer['results'][number]) {
  const lines = ['', `${OF[of] ?? of}: ${plainLine(summary.command, 200)} ${wordOf(summary.status)}.`];
  if (missing !== null) return [...lines, missing];
  if (checks !== null)
    lines.push(
      ...table(
        ['check', 'status', 'took', 'because'],
        checks.map(({ name, status, cached, why, durationMs }) => [
          ...[name, `${wordOf(status)}${cached ? ' (cached)' : ''}`, duration(durationMs), why],
        ]),
        100,
      ),
    );
  for (const { name, file, message } of failures ?? []) {
    lines.push(`✗ ${plainLine(file, 200)}: ${plainLine(name, 300)}`);
    if (message !== null)
      lines.push(
        ...plainText(message)
          .trimEnd()
          .split('\n')
          .slice(0, 10)
          .map((line) => `    ${line}`),
      );
  }
  if (failuresMore > 0) lines.push(`and ${failuresMore} more.`);
  const printed = plainText(tail ?? '').trimEnd();
  return printed === '' ? lines : [...lines, '', ...printed.split('\n')];
}
