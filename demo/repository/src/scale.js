/** Amounts a kitchen scale or spoon can show. */
const STEP = { g: 5, kg: 0.05, ml: 5, l: 0.05, tsp: 0.25, tbsp: 0.5, cup: 0.25, piece: 1 };

/** A recipe for another number of servings; amounts are rounded to what can be measured, but never to nothing. */
export function scaleRecipe(recipe, servings) {
  if (!Number.isInteger(servings) || servings < 1) throw new RangeError('servings must be a whole number from 1');
  const factor = servings / recipe.servings;
  const ingredients = recipe.ingredients.map((one) => ({ ...one, amount: measurable(one.amount * factor, one.unit) }));
  return { ...recipe, servings, ingredients };
}

function measurable(amount, unit) {
  const step = STEP[unit];
  const steps = Math.max(1, Math.round(amount / step));
  return Math.round(steps * step * 100) / 100;
}
