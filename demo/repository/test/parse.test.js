import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIngredient } from '../src/parse.js';

const cases = [
  ['250 g butter', { name: 'butter', amount: 250, unit: 'g' }],
  ['2 cups plain flour', { name: 'plain flour', amount: 2, unit: 'cup' }],
  ['1 ½ tsp salt', { name: 'salt', amount: 1.5, unit: 'tsp' }],
  ['¾ l milk', { name: 'milk', amount: 0.75, unit: 'l' }],
  ['1/4 cup sugar', { name: 'sugar', amount: 0.25, unit: 'cup' }],
  ['0.5 kg rice', { name: 'rice', amount: 0.5, unit: 'kg' }],
  ['3 eggs', { name: 'eggs', amount: 3, unit: 'piece' }],
  ['salt', { name: 'salt', amount: 1, unit: 'piece' }],
  ['  2   bay leaves ', { name: 'bay leaves', amount: 2, unit: 'piece' }],
  ['cup noodles', { name: 'cup noodles', amount: 1, unit: 'piece' }],
  ['2 kg', { name: 'kg', amount: 2, unit: 'piece' }],
  ['7', { name: '7', amount: 1, unit: 'piece' }],
];

for (const [line, expected] of cases) test(`reads "${line}"`, () => assert.deepEqual(parseIngredient(line), expected));
