import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { groupByAisle, missingFor } from '../src/shopping.js';

const flour = (amount, unit = 'g') => ({ name: 'flour', amount, unit });
const milk = (amount, unit = 'ml') => ({ name: 'milk', amount, unit });

describe('missingFor', () => {
  it('lists everything for an empty kitchen', () => {
    assert.deepEqual(missingFor([flour(250), milk(500)], []), [flour(250), milk(500)]);
  });

  it('lists only the difference', () => assert.deepEqual(missingFor([flour(250)], [flour(100)]), [flour(150)]));

  it('adds up what is at home, in any unit of the kind', () => {
    assert.deepEqual(missingFor([milk(2, 'l')], [milk(500), milk(1, 'l')]), [milk(0.5, 'l')]);
  });

  it('leaves out what there is enough of', () => {
    assert.deepEqual(missingFor([flour(250), milk(500)], [flour(1, 'kg'), milk(500)]), []);
  });

  it('merges what is asked for twice', () => {
    assert.deepEqual(missingFor([flour(250), milk(100), flour(0.5, 'kg')], []), [flour(750), milk(100)]);
  });

  it('does not mix grams with cups', () => {
    assert.deepEqual(missingFor([flour(250), flour(1, 'cup')], [flour(3, 'cup')]), [flour(250)]);
  });

  it('does not change what it is given', () => {
    const wanted = [flour(250), flour(250)];
    missingFor(wanted, [flour(100)]);
    assert.deepEqual(wanted, [flour(250), flour(250)]);
  });
});

describe('groupByAisle', () => {
  const aisles = new Map([
    ['dairy', ['milk', 'butter']],
    ['baking', ['flour', 'yeast']],
  ]);

  it('follows the aisles and sorts within each', () => {
    const list = ['yeast', 'milk', 'flour'].map((name) => ({ name }));
    assert.deepEqual(groupByAisle(list, aisles), [
      { aisle: 'dairy', names: ['milk'] },
      { aisle: 'baking', names: ['flour', 'yeast'] },
    ]);
  });

  it('puts the unknown last', () => {
    assert.deepEqual(groupByAisle([{ name: 'saffron' }, { name: 'butter' }], aisles), [
      { aisle: 'dairy', names: ['butter'] },
      { aisle: 'other', names: ['saffron'] },
    ]);
  });
});
