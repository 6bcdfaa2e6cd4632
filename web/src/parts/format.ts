/** Local date and time, for hovers. `at`: milliseconds since the Unix epoch. */
export function exactTime(at: number): string {
  return new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}

/** The part of an id that tells it from others: `tsk_…k29f3q`, since ids sort by time and their ends differ; of a commit, its beginning. */
export function shortId(id: string): string {
  if (/^[0-9a-f]{40,64}$/.test(id)) return id.slice(0, 9);
  const [kind, rest] = id.split('_', 2);
  return rest && rest.length > 8 ? `${kind}_…${rest.slice(-6)}` : id;
}

/** A sentence with its ids as short as they are elsewhere on the page. */
export function withShortIds(text: string): string {
  return text.replace(/\b[a-z]{3}_[0-9a-z]{26}\b/g, shortId);
}
