import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { Pantry } from '../src/pantry.js';

describe('Pantry', () => {
  let pantry;
  beforeEach(() => {
    pantry = new Pantry();
    pantry.add('milk', 2, '2025-03-12');
    pantry.add('milk', 1, '2025-03-09');
    pantry.add('rice', 500, '2026-01-01');
  });

  it('counts all batches that are good', () => {
    assert.equal(pantry.stock('milk', '2025-03-01'), 3);
    assert.equal(pantry.stock('rice', '2025-03-01'), 500);
    assert.equal(pantry.stock('honey', '2025-03-01'), 0);
  });

  it('counts a batch on its best-before day', () => assert.equal(pantry.stock('milk', '2025-03-09'), 3));

  it('no longer counts it the day after', () => {
    assert.equal(pantry.stock('milk', '2025-03-10'), 2);
    assert.equal(pantry.stock('milk', '2025-03-13'), 0);
  });

  it('takes the oldest first', () => {
    assert.equal(pantry.take('milk', 1.5, '2025-03-05'), 1.5);
    assert.equal(pantry.stock('milk', '2025-03-05'), 1.5);
    assert.equal(pantry.stock('milk', '2025-03-10'), 1.5);
  });

  it('leaves what is expired on the shelf', () => {
    assert.equal(pantry.take('milk', 3, '2025-03-11'), 2);
    assert.equal(pantry.stock('milk', '2025-03-05'), 1);
  });

  it('gives what it has and no more', () => {
    assert.equal(pantry.take('rice', 800, '2025-03-05'), 500);
    assert.equal(pantry.take('rice', 1, '2025-03-05'), 0);
    assert.equal(pantry.stock('milk', '2025-03-05'), 3);
  });

  it('takes on the best-before day', () => assert.equal(pantry.take('milk', 3, '2025-03-12'), 2));

  it('names what expires soon, most urgent first', () => {
    pantry.add('cream', 1, '2025-03-10');
    assert.deepEqual(pantry.expiringWithin(3, '2025-03-09'), ['milk', 'cream']);
    assert.deepEqual(pantry.expiringWithin(0, '2025-03-10'), ['cream']);
    assert.deepEqual(pantry.expiringWithin(1, '2025-03-13'), []);
    assert.deepEqual(pantry.expiringWithin(2, '2025-03-10'), ['cream', 'milk']);
  });

  it('refuses an amount that is none', () => {
    assert.throws(() => pantry.add('air', 0, '2025-03-01'), RangeError);
    assert.throws(() => pantry.add('debt', -1, '2025-03-01'), RangeError);
  });
});
