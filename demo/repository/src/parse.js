import { isUnit } from './units.js';

const FRACTIONS = { '½': 0.5, '¼': 0.25, '¾': 0.75, '⅓': 1 / 3 };

/** Reads a line of a recipe: `1 ½ cups flour`, `250 g butter`, `3 eggs`, `salt`. */
export function parseIngredient(line) {
  const words = line.trim().split(/\s+/);
  let amount = 0;
  while (words.length > 1 && isNumber(words[0])) amount += toNumber(words.shift());
  const unit = singular(words[0]);
  if (amount > 0 && words.length > 1 && isUnit(unit)) {
    words.shift();
    return { name: words.join(' '), amount, unit };
  }
  return { name: words.join(' '), amount: amount || 1, unit: 'piece' };
}

function isNumber(word) {
  return word in FRACTIONS || /^\d+(\.\d+|\/\d+)?$/.test(word);
}

function toNumber(word) {
  if (word in FRACTIONS) return FRACTIONS[word];
  const [top, bottom] = word.split('/');
  return bottom === undefined ? Number(top) : Number(top) / Number(bottom);
}

function singular(word) {
  return word.length > 2 && word.endsWith('s') ? word.slice(0, -1) : word;
}
