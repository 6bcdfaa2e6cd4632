const DAY_MS = 24 * 60 * 60 * 1000;

/** What is on the shelf, each batch with the last day on which it is good. Days are ISO dates: `2025-03-09`. */
export class Pantry {
  #batches = [];

  add(name, amount, bestBefore) {
    if (!(amount > 0)) throw new RangeError('amount must be positive');
    this.#batches.push({ name, amount, bestBefore });
    this.#batches.sort((a, b) => daysBetween(b.bestBefore, a.bestBefore));
  }

  /** How much of it is still good on that day; the best-before day itself counts. */
  stock(name, today) {
    return this.#batches
      .filter((batch) => batch.name === name && !isExpired(batch, today))
      .reduce((sum, batch) => sum + batch.amount, 0);
  }

  /** Takes the oldest good batches first. Returns how much could be taken. */
  take(name, amount, today) {
    let open = amount;
    for (const batch of this.#batches) {
      if (batch.name !== name || isExpired(batch, today)) continue;
      const taken = Math.min(open, batch.amount);
      batch.amount -= taken;
      open -= taken;
    }
    this.#batches = this.#batches.filter((batch) => batch.amount > 0);
    return amount - open;
  }

  /** Names of what should be eaten within `days`, most urgent first. */
  expiringWithin(days, today) {
    const urgent = this.#batches.filter((batch) => {
      const left = daysBetween(today, batch.bestBefore);
      return left >= 0 && left <= days;
    });
    return [...new Set(urgent.map((batch) => batch.name))];
  }
}

function isExpired(batch, today) {
  return daysBetween(today, batch.bestBefore) <= 0;
}

function daysBetween(from, to) {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);
}
