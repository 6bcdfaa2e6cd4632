const KCAL_PER_GRAM = { protein: 4, carbohydrate: 4, fat: 9 };

/** Adds up grams of each nutrient over ingredients of the form `{ grams, per100: { protein, carbohydrate, fat } }`. */
export function totalNutrition(ingredients) {
  const total = { protein: 0, carbohydrate: 0, fat: 0 };
  for (const { grams, per100 } of ingredients) {
    for (const nutrient of Object.keys(total)) total[nutrient] += ((per100[nutrient] ?? 0) * grams) / 100;
  }
  return { ...total, kcal: energy(total) };
}

function energy(nutrients) {
  return Object.entries(KCAL_PER_GRAM).reduce((sum, [nutrient, kcal]) => sum + nutrients[nutrient] * kcal, 0);
}

/** What one plate holds, rounded to tenths. */
export function perServing(total, servings) {
  if (servings <= 0) throw new RangeError('servings must be positive');
  return Object.fromEntries(Object.entries(total).map(([name, value]) => [name, tenths(value * servings)]));
}

function tenths(value) {
  return Math.round(value * 10) / 10;
}

/** Protein gives at least 15 % of the energy, and fat at most 35 %. */
export function isBalanced(total) {
  if (total.kcal === 0) return false;
  const share = (nutrient) => (total[nutrient] * KCAL_PER_GRAM[nutrient]) / total.kcal;
  return share('protein') >= 0.15 && share('fat') <= 0.35;
}
