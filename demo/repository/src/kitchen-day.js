/** Times are minutes since midnight; a slot is `{ start, end }` and does not include its end. */
export function overlaps(a, b) {
  return a.start < b.end || b.start < a.end;
}

export function fitsInto(slot, day) {
  return slot.start >= day.start && slot.end <= day.end;
}

/** Minutes of the day in which nothing cooks. */
export function freeMinutes(day, slots) {
  let free = 0;
  let at = day.start;
  for (const slot of [...slots].sort((a, b) => a.start - b.start)) {
    if (slot.start > at) free += slot.start - at;
    at = Math.max(at, slot.end);
  }
  return free + Math.max(0, day.end - at);
}

/** Puts each dish at the first time from `day.start` on at which the stove is free; null for what finds no room. */
export function plan(dishes, day) {
  const taken = [];
  return dishes.map(({ title, minutes }) => {
    const starts = [day.start, ...taken.map((slot) => slot.end)].sort((a, b) => a - b);
    for (const start of starts) {
      const slot = { start, end: start + minutes };
      if (!fitsInto(slot, day) || taken.some((other) => overlaps(slot, other))) continue;
      taken.push(slot);
      return { title, slot };
    }
    return { title, slot: null };
  });
}
