/**
 * The server’s clock as this page knows it: views say what time it is there, and ages count by that. A browser on another
 * machine may be minutes off.
 */
let offsetMs = 0;

export function hearServerTime(asOf: number): void {
  offsetMs = asOf - Date.now();
}

/** Milliseconds since the Unix epoch, by the server’s clock. */
export function serverNow(): number {
  return Date.now() + offsetMs;
}
