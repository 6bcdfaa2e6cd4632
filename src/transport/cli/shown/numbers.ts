/** A score or a total, 0 to 1, with as many digits as a person compares. */
export function scoreText(value: number): string {
  return String(Number(value.toFixed(3)));
}

export function dollars(usd: number): string {
  return `$${Number(usd.toFixed(4))}`;
}
