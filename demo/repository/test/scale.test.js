import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scaleRecipe } from '../src/scale.js';

const pancakes = {
  title: 'Pancakes',
  servings: 4,
  ingredients: [
    { name: 'flour', amount: 250, unit: 'g' },
    { name: 'eggs', amount: 3, unit: 'piece' },
    { name: 'salt', amount: 0.5, unit: 'tsp' },
  ],
};
const amounts = (recipe) => recipe.ingredients.map((one) => one.amount);

test('doubles', () => assert.deepEqual(amounts(scaleRecipe(pancakes, 8)), [500, 6, 1]));
test('halves, to what can be measured', () => assert.deepEqual(amounts(scaleRecipe(pancakes, 2)), [125, 2, 0.25]));
test('rounds to the step of the unit', () => assert.deepEqual(amounts(scaleRecipe(pancakes, 3)), [190, 2, 0.5]));
test('never rounds to nothing', () => assert.deepEqual(amounts(scaleRecipe(pancakes, 1)), [65, 1, 0.25]));
test('keeps the rest and says for how many', () => {
  const scaled = scaleRecipe(pancakes, 6);
  assert.equal(scaled.title, 'Pancakes');
  assert.equal(scaled.servings, 6);
  assert.equal(pancakes.ingredients[0].amount, 250);
});
test('refuses half a guest and none', () => {
  assert.throws(() => scaleRecipe(pancakes, 2.5), RangeError);
  assert.throws(() => scaleRecipe(pancakes, 0), RangeError);
});
