import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fitsInto, freeMinutes, overlaps, plan } from '../src/kitchen-day.js';

const slot = (start, end) => ({ start, end });
const day = slot(600, 720);

describe('overlaps', () => {
  it('sees one slot reach into the other, from either side', () => {
    assert.equal(overlaps(slot(0, 30), slot(20, 50)), true);
    assert.equal(overlaps(slot(20, 50), slot(0, 30)), true);
  });

  it('sees one slot inside the other', () => assert.equal(overlaps(slot(0, 60), slot(20, 30)), true));

  it('lets one begin where the other ends', () => {
    assert.equal(overlaps(slot(0, 30), slot(30, 60)), false);
    assert.equal(overlaps(slot(30, 60), slot(0, 30)), false);
  });

  it('sees nothing between slots far apart', () => {
    assert.equal(overlaps(slot(0, 10), slot(50, 60)), false);
    assert.equal(overlaps(slot(50, 60), slot(0, 10)), false);
  });
});

describe('fitsInto', () => {
  it('takes the whole day and parts of it', () => {
    assert.equal(fitsInto(day, day), true);
    assert.equal(fitsInto(slot(630, 660), day), true);
  });

  it('refuses what begins too early or ends too late', () => {
    assert.equal(fitsInto(slot(590, 660), day), false);
    assert.equal(fitsInto(slot(660, 721), day), false);
  });
});

describe('freeMinutes', () => {
  it('is the whole day without slots', () => assert.equal(freeMinutes(day, []), 120));
  it('counts before, between and after', () => {
    assert.equal(freeMinutes(day, [slot(660, 690), slot(610, 640)]), 60);
  });
  it('counts shared minutes once', () => assert.equal(freeMinutes(day, [slot(600, 660), slot(610, 700)]), 20));
  it('is never negative', () => assert.equal(freeMinutes(day, [slot(600, 800)]), 0));
});

describe('plan', () => {
  it('puts dishes one after the other', () => {
    assert.deepEqual(
      plan([{ title: 'soup', minutes: 40 }, { title: 'bread', minutes: 60 }], day),
      [{ title: 'soup', slot: slot(600, 640) }, { title: 'bread', slot: slot(640, 700) }],
    );
  });

  it('says what finds no room, and still fits what is shorter', () => {
    const dishes = [{ title: 'stew', minutes: 90 }, { title: 'roast', minutes: 60 }, { title: 'eggs', minutes: 30 }];
    assert.deepEqual(plan(dishes, day), [
      { title: 'stew', slot: slot(600, 690) },
      { title: 'roast', slot: null },
      { title: 'eggs', slot: slot(690, 720) },
    ]);
  });
});
