/** What one look of `heph doctor` found. Whatever is not `ok` says what to do. */
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
