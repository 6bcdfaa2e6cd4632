import { convert, sameKind } from './units.js';

/** What has to be bought for these ingredients, given what is at home. Amounts come in the ingredient's own unit. */
export function missingFor(ingredients, atHome) {
  const list = [];
  for (const wanted of merge(ingredients)) {
    const missing = wanted.amount - available(wanted, atHome);
    if (missing > 0) list.push({ ...wanted, amount: missing });
  }
  return list;
}

/** The same thing asked for twice becomes one entry in the first one's unit. */
function merge(ingredients) {
  const merged = [];
  for (const one of ingredients) {
    const known = merged.find((other) => matches(one, other));
    if (known) known.amount += convert(one.amount, one.unit, known.unit);
    else merged.push({ ...one });
  }
  return merged;
}

function available(wanted, atHome) {
  return atHome
    .filter((item) => matches(item, wanted))
    .reduce((sum, item) => sum + convert(item.amount, item.unit, wanted.unit), 0);
}

function matches(a, b) {
  return a.name === b.name && sameKind(a.unit, b.unit);
}

/** The list in the order of the shop's aisles; what has no aisle comes last. */
export function groupByAisle(list, aisles) {
  const groups = new Map([...aisles.keys(), 'other'].map((aisle) => [aisle, []]));
  for (const item of list) {
    const aisle = [...aisles].find(([, names]) => names.includes(item.name))?.[0] ?? 'other';
    groups.get(aisle).push(item.name);
  }
  return [...groups].filter(([, names]) => names.length > 0).map(([aisle, names]) => ({ aisle, names: names.sort() }));
}
