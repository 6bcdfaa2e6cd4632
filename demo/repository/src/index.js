export { fitsInto, freeMinutes, overlaps, plan } from './kitchen-day.js';
export { isBalanced, perServing, totalNutrition } from './nutrition.js';
export { Pantry } from './pantry.js';
export { parseIngredient } from './parse.js';
export { scaleRecipe } from './scale.js';
export { groupByAisle, missingFor } from './shopping.js';
export { convert, describeAmount, sameKind } from './units.js';
