/** Units by kind; the factor leads to the kind's base unit (gram, millilitre, piece). */
const UNITS = {
  g: { kind: 'mass', factor: 1 },
  kg: { kind: 'mass', factor: 1000 },
  ml: { kind: 'volume', factor: 1 },
  l: { kind: 'volume', factor: 1000 },
  tsp: { kind: 'volume', factor: 5 },
  tbsp: { kind: 'volume', factor: 15 },
  cup: { kind: 'volume', factor: 240 },
  piece: { kind: 'count', factor: 1 },
};

export function isUnit(name) {
  return Object.hasOwn(UNITS, name);
}

function unit(name) {
  if (!isUnit(name)) throw new RangeError(`unknown unit: ${name}`);
  return UNITS[name];
}

/** Whether amounts in the two units can be compared. */
export function sameKind(a, b) {
  return unit(a).kind === unit(b).kind;
}

/** Converts between units of one kind; grams never become millilitres. */
export function convert(amount, from, to) {
  if (!sameKind(from, to)) throw new TypeError(`cannot convert ${from} to ${to}`);
  return (amount * unit(from).factor) / unit(to).factor;
}

/** Picks the unit a person would: 1500 g is 1.5 kg, 1000 ml is 1 l, 999 g stays. */
export function describeAmount(amount, name) {
  const { kind, factor } = unit(name);
  const base = amount * factor;
  if (kind === 'count') return `${round(amount)}`;
  const [small, large] = kind === 'mass' ? ['g', 'kg'] : ['ml', 'l'];
  return base >= 1000 ? `${round(base / 1000)} ${large}` : `${round(base)} ${small}`;
}

function round(value) {
  return Math.round(value * 100) / 100;
}
