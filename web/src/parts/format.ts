/** Local date and time, for hovers. `at`: milliseconds since the Unix epoch. */
export function exactTime(at: number): string {
  return new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}

/** The part of an id that tells it from others: ids sort by time, so their ends differ. `tsk_01k8…9f3q` as `tsk_…k29f3q`. */
export function shortId(id: string): string {
  const [kind, rest] = id.split('_', 2);
  return rest && rest.length > 8 ? `${kind}_…${rest.slice(-6)}` : id;
}
