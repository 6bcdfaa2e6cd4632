const CHARS_MAX = 200;
const SPEAKS_OF_ERROR =
  /\b(?:error|errors|exception|fatal|panic(?:ked)?|failed|failure|cannot|could not|denied|refused|not found|no such|undefined|traceback|unexpected|timed out|E[A-Z]{4,})\b|[✖✗×]/i;
const SPEAKS_OF_NONE =
  /\b(?:0|no|without|zero)\s+(?:errors?|failures?|failed|problems?|warnings?)\b|\b(?:failed|failures?|errors?)[:=]\s*0\b/i;

/** Whether a line says that something went wrong. A guess by its words. */
export function isErrorLine(line: string): boolean {
  return SPEAKS_OF_ERROR.test(line) && !SPEAKS_OF_NONE.test(line);
}

/** The line of a failed step by which the failure is known again: the first that speaks of an error, else the last. Of one without a word, what was done. */
export function errorOf(outcome: string, action: string): string {
  const lines = outcome.split('\n').filter((line) => line.trim() !== '');
  return likeness(lines.find(isErrorLine) ?? lines.at(-1) ?? `without a word: ${action}`);
}

/** What stays the same of a line from time to time: no times, places in a file, tries, addresses, ids. Other numbers may tell two errors apart. */
export function likeness(line: string): string {
  const alike = sameness(line)
    .replace(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\b/gi, '#')
    .replace(/:\d+(?::\d+)?\b(?=\)|:|\s|$)|\(\d+,\d+\)/g, ':#')
    .replace(/\b(attempt|try|retry|retries|request|line|id)([ #:=]+)\d+/gi, '$1$2#');
  return alike.length > CHARS_MAX ? `${alike.slice(0, CHARS_MAX - 1)}…` : alike;
}

/** An outcome without what differs though nothing has changed: durations, times of day, addresses. Counts stay. */
export function sameness(outcome: string): string {
  return outcome
    .replace(/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.,Z+:-]*|\b\d\d:\d\d:\d\d(?:[.,]\d+)?/g, '#')
    .replace(/\b\d+(?:\.\d+)?\s?(?:ms|s|sec|seconds|m|min|minutes|µs|us)\b|(?<=duration_ms )[\d.]+/g, '#')
    .replace(/\b0x[0-9a-f]+\b/gi, '#')
    .replace(/\bpid[ =:]\d+/gi, 'pid #')
    .replace(/\s+/g, ' ')
    .trim();
}
