import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isBalanced, perServing, totalNutrition } from '../src/nutrition.js';

const lentils = { grams: 200, per100: { protein: 25, carbohydrate: 50, fat: 1 } };
const oil = { grams: 10, per100: { fat: 100 } };
const of = (protein, carbohydrate, fat) => ({
  protein,
  carbohydrate,
  fat,
  kcal: 4 * protein + 4 * carbohydrate + 9 * fat,
});

describe('totalNutrition', () => {
  it('adds up nutrients and energy', () => {
    assert.deepEqual(totalNutrition([lentils, oil]), { protein: 50, carbohydrate: 100, fat: 12, kcal: 708 });
  });

  it('is nothing for nothing', () => assert.deepEqual(totalNutrition([]), of(0, 0, 0)));
});

describe('perServing', () => {
  it('divides and rounds to tenths', () => {
    assert.deepEqual(perServing({ protein: 50, kcal: 708 }, 3), { protein: 16.7, kcal: 236 });
  });

  it('is the whole for one', () => assert.deepEqual(perServing({ fat: 12 }, 1), { fat: 12 }));

  it('refuses none', () => assert.throws(() => perServing({ fat: 12 }, 0), RangeError));
});

describe('isBalanced', () => {
  it('accepts a mixed plate', () => assert.equal(isBalanced(of(25, 50, 10)), true));
  it('accepts the bounds themselves', () => {
    assert.equal(isBalanced(of(15, 85, 0)), true);
    assert.equal(isBalanced({ protein: 20, carbohydrate: 0, fat: 35, kcal: 900 }), false);
    assert.equal(isBalanced({ protein: 40, carbohydrate: 0, fat: 35, kcal: 900 }), true);
  });
  it('refuses too little protein', () => assert.equal(isBalanced(of(10, 90, 0)), false));
  it('refuses too much fat', () => assert.equal(isBalanced(of(30, 20, 40)), false));
  it('refuses an empty plate', () => assert.equal(isBalanced(of(0, 0, 0)), false));
});
