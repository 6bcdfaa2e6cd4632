/** What nobody measured. Not zero, and not an empty cell that may be a mistake. */
export const UNKNOWN = '–';

/** Says what is known of a value, and that it is not known of null. */
export function known<T>(value: T | null | undefined, say: (value: T) => string): string {
  return value === null || value === undefined ? UNKNOWN : say(value);
}

/** How long something took, exactly enough to compare: `1 h 02 min`, `3 min 05 s`, `4.2 s`, `120 ms`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${String(Math.floor((ms % 60_000) / 1000)).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

const UNITS: readonly (readonly [ms: number, unit: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
];

/** How long something has lasted, in its largest unit, rounded down: `4 d`, `2 h`, `3 min`, `5 s`. Changes once a second at most. */
export function age(ms: number): string {
  const [size, unit] = UNITS.find(([unitMs]) => ms >= unitMs) ?? [1000, 's'];
  return `${Math.max(0, Math.floor(ms / size))} ${unit}`;
}

/** `5 s ago`; `just now` below a second. */
export function ago(ms: number): string {
  return ms < 1000 ? 'just now' : `${age(ms)} ago`;
}

/** A count with as many digits as a person reads: `950`, `1.2 k`, `34 k`, `5.6 M`. */
export function tokens(count: number): string {
  return scaled(count, ['', ' k', ' M', ' G']);
}

/** In powers of ten: `950 B`, `1.2 kB`, `34 MB`. */
export function bytes(count: number): string {
  return scaled(count, [' B', ' kB', ' MB', ' GB', ' TB']);
}

function scaled(count: number, units: readonly string[]): string {
  let value = count;
  let at = 0;
  // 999.5 and more would be rounded to the next unit's first value.
  while (value >= 999.5 && at < units.length - 1) {
    value /= 1000;
    at += 1;
  }
  const digits = at === 0 || value >= 9.95 ? Math.round(value).toString() : value.toFixed(1).replace(/\.0$/, '');
  return `${digits}${units[at]}`;
}

export function dollars(usd: number): string {
  return `$${Number(usd.toFixed(4))}`;
}

/** `34 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** A score or a total, 0 to 1, with as many digits as a person compares. */
export function scoreText(value: number): string {
  return String(Number(value.toFixed(3)));
}

/** `1 task`, `3 tasks`, `2 branches`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
