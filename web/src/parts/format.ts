/** `45 s`, `3 min`, `5 h`, `12 d`: how long it has been, coarsely. */
export function duration(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  const min = Math.floor(s / 60);
  if (min < 60) return `${min} min`;
  const h = Math.floor(min / 60);
  return h < 48 ? `${h} h` : `${Math.floor(h / 24)} d`;
}

/** `1m 20s`: exactly enough to compare two. */
export function exactDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const s = ms / 1000;
  if (s < 60) return `${s.toFixed(1)} s`;
  const [min, rest] = [Math.floor(s / 60), Math.round(s % 60)];
  return min < 60 ? `${min} min ${rest} s` : `${Math.floor(min / 60)} h ${min % 60} min`;
}

/** `812`, `12.3 k`, `4.1 M`. */
export function count(value: number): string {
  if (value < 10_000) return value.toLocaleString('en');
  return value < 1e6 ? `${(value / 1e3).toFixed(1)} k` : `${(value / 1e6).toFixed(1)} M`;
}

/** `$0.42`; less than a cent is said so, nothing is `$0.00`. */
export function money(usd: number): string {
  return usd > 0 && usd < 0.01 ? '< $0.01' : `$${usd.toFixed(2)}`;
}

export function bytes(value: number): string {
  if (value < 1024) return `${value} B`;
  return value < 1024 * 1024 ? `${(value / 1024).toFixed(1)} KiB` : `${(value / 1024 / 1024).toFixed(1)} MiB`;
}

/** Local date and time, for hovers. `at`: milliseconds since the Unix epoch. */
export function exactTime(at: number): string {
  return new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}

/** The part of an id that tells it from others: `tsk_01k…9f3q` as `tsk_…9f3q`. Ids sort by time, so their ends differ. */
export function shortId(id: string): string {
  const [kind, rest] = id.split('_', 2);
  return rest && rest.length > 8 ? `${kind}_…${rest.slice(-6)}` : id;
}
