/** What one check of `heph doctor` found. Whatever is not `ok` says what to do. */
export interface Finding {
  what: string;
  level: 'ok' | 'note' | 'warning' | 'error';
  text: string;
  next: string | null;
}

export function ok(what: string, text: string): Finding {
  return { what, level: 'ok', text, next: null };
}

export function note(what: string, text: string, next: string): Finding {
  return { what, level: 'note', text, next };
}

export function warning(what: string, text: string, next: string): Finding {
  return { what, level: 'warning', text, next };
}

export function problem(what: string, text: string, next: string): Finding {
  return { what, level: 'error', text, next };
}

/** Whether `version` is at least `least`, part by part. */
export function atLeast(version: string, least: string): boolean {
  const parts = (text: string) => (text.match(/\d+/g) ?? []).map(Number);
  const [have, want] = [parts(version), parts(least)];
  for (let n = 0; n < want.length; n++) {
    const difference = (have[n] ?? 0) - (want[n] as number);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
