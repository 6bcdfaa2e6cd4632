import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { convert, describeAmount, isUnit, sameKind } from '../src/units.js';

describe('convert', () => {
  it('goes up and down within a kind', () => {
    assert.equal(convert(2, 'kg', 'g'), 2000);
    assert.equal(convert(500, 'ml', 'l'), 0.5);
    assert.equal(convert(3, 'tsp', 'tbsp'), 1);
    assert.equal(convert(2, 'cup', 'ml'), 480);
  });

  it('leaves an amount in its own unit alone', () => assert.equal(convert(7, 'tbsp', 'tbsp'), 7));

  it('refuses to turn mass into volume', () => {
    assert.throws(() => convert(1, 'g', 'ml'), { name: 'TypeError', message: 'cannot convert g to ml' });
  });

  it('refuses a unit it does not know', () => {
    assert.throws(() => convert(1, 'stone', 'g'), { name: 'RangeError', message: 'unknown unit: stone' });
    assert.equal(isUnit('stone'), false);
    assert.equal(isUnit('toString'), false);
  });
});

it('knows which units can be compared', () => {
  assert.equal(sameKind('g', 'kg'), true);
  assert.equal(sameKind('cup', 'l'), true);
  assert.equal(sameKind('piece', 'g'), false);
});

describe('describeAmount', () => {
  it('stays small below a thousand', () => {
    assert.equal(describeAmount(999, 'g'), '999 g');
    assert.equal(describeAmount(4, 'cup'), '960 ml');
  });

  it('goes up from a thousand', () => {
    assert.equal(describeAmount(1000, 'ml'), '1 l');
    assert.equal(describeAmount(1500, 'g'), '1.5 kg');
    assert.equal(describeAmount(2, 'kg'), '2 kg');
  });

  it('counts pieces without a unit', () => assert.equal(describeAmount(1200, 'piece'), '1200'));

  it('rounds to hundredths', () => {
    assert.equal(describeAmount(1 / 3, 'tsp'), '1.67 ml');
    assert.equal(describeAmount(1234.56, 'g'), '1.23 kg');
  });
});
