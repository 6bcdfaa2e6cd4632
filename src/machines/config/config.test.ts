import { describe, expect, it } from 'vitest';
import { given } from '../../../tests/support/given.ts';
import { isFailure } from '../../kernel/errors.ts';
import { configActor, DEFAULT_SETTINGS, defaultValues, settingsFrom } from './index.ts';

const set = (changes: Record<string, unknown>) => ({ name: 'set_config', input: { changes }, actor: 'operator' });
const override = (overrides: Record<string, unknown>) => ({ name: 'override_config', input: { overrides } });

describe('the configuration', () => {
  it('begins with the defaults', () => {
    expect(given(configActor).state.context).toMatchObject({ version: 0, settings: DEFAULT_SETTINGS });
  });

  it('takes a change, with the next version and the hash of the whole', () => {
    const after = given(configActor)
      .when(set({ 'fleet.cap': 8 }))
      .thenFacts({ type: 'ConfigChanged', data: { changes: { 'fleet.cap': 8 }, version: 1 } });
    expect(after.state.context.settings.fleet.cap).toBe(8);
    expect(after.state.value).toBe('in_force');
  });

  it('says nothing when a change is said twice', () => {
    given(configActor)
      .when(set({ 'fleet.cap': 8 }))
      .next.when(set({ 'fleet.cap': 8 }))
      .thenNothing();
  });

  it('takes a change back with a null', () => {
    const after = given(configActor)
      .when(set({ 'fleet.cap': 8 }))
      .next.when(set({ 'fleet.cap': null }))
      .thenFacts({ type: 'ConfigChanged', data: { version: 2 } });
    expect(after.state.context).toMatchObject({ changes: {}, settings: DEFAULT_SETTINGS });
  });

  it('lets the later of two changes win, whether it names a setting or its group', () => {
    const group = given(configActor)
      .when(set({ 'fleet.cap': 8 }))
      .next.when(set({ fleet: { cap: 2 } })).next;
    expect(group.state.context.settings.fleet.cap).toBe(2);
    const single = group.when(set({ 'fleet.cap': 9 })).thenFacts('ConfigChanged');
    expect(single.state.context.settings.fleet.cap).toBe(9);
  });

  it('takes back a whole group with one null', () => {
    const after = given(configActor)
      .when(set({ 'fleet.cap': 8, 'fleet.diedAtOnceMax': 5 }))
      .next.when(set({ fleet: null }))
      .thenFacts('ConfigChanged');
    expect(after.state.context.changes).toEqual({});
  });

  it('adds an agent by one path and changes it by another', () => {
    const after = given(configActor)
      .when(set({ 'agents.claude': { argv: ['claude', '-p', '{prompt}'] } }))
      .next.when(set({ 'agents.claude.model': 'large' }))
      .thenFacts('ConfigChanged');
    expect(after.state.context.settings.agents.claude).toMatchObject({
      argv: ['claude', '-p', '{prompt}'],
      model: 'large',
    });
  });

  it('lets overrides lie above the changes, and replaces them as a whole', () => {
    const both = given(configActor)
      .when(set({ 'fleet.cap': 8 }))
      .next.when(override({ 'fleet.cap': 3, 'limits.attemptsMax': 5 }))
      .thenFacts({ type: 'ConfigOverridden', data: { version: 2 } });
    expect(both.state.context.settings.fleet.cap).toBe(3);
    const none = both.when(override({})).thenFacts('ConfigOverridden');
    expect(none.state.context.settings).toMatchObject({ fleet: { cap: 8 }, limits: { attemptsMax: 2 } });
  });

  it('records the defaults of a release, so that what was decided by them stays decided', () => {
    const before = { 'fleet.cap': 2, 'limits.attemptsMax': 7, 'limits.gone': 1 };
    const start = (overrides: Record<string, unknown>, defaults: Record<string, unknown>) => ({
      name: 'override_config',
      input: { overrides, defaults },
    });
    const older = given(configActor)
      .when(start({ 'fleet.cap': 3 }, before))
      .thenFacts({ type: 'ConfigOverridden', data: { overrides: { 'fleet.cap': 3 }, defaults: before } });
    expect(older.state.context.settings).toMatchObject({ fleet: { cap: 3 }, limits: { attemptsMax: 7 } });
    older.when(start({ 'fleet.cap': 3 }, before)).thenNothing();
    const changed = older.when(set({ 'limits.attemptsMax': 1 })).thenFacts('ConfigChanged');
    expect(changed.state.context.settings).toMatchObject({ fleet: { cap: 3 }, limits: { attemptsMax: 1 } });
    const newer = older.when(start({ 'fleet.cap': 3 }, defaultValues())).thenFacts('ConfigOverridden');
    expect(newer.state.context.settings).toEqual({ ...DEFAULT_SETTINGS, fleet: { ...DEFAULT_SETTINGS.fleet, cap: 3 } });
  });

  it('says nothing when a server starts again with the same overrides', () => {
    given(configActor).when(override({})).thenNothing();
    given(configActor)
      .when(override({ 'fleet.cap': 3 }))
      .next.when(override({ 'fleet.cap': 3 }))
      .thenNothing();
  });

  it.each([
    ['a value out of bounds', { 'fleet.cap': 0 }, 'fleet.cap'],
    ['a value of another type', { 'fleet.cap': 'many' }, 'fleet.cap'],
    ['an unknown setting', { 'fleet.size': 3 }, 'fleet.size'],
    ['an unknown group', { fleets: 3 }, 'fleets'],
    ['a path through a value', { 'fleet.cap.more': 3 }, 'fleet.cap'],
    ['an agent without a program', { 'agents.mine': { argv: [] } }, 'agents.mine.argv'],
    ['a path that means the object itself', { 'agents.constructor': { argv: ['x'] } }, 'agents.constructor'],
    ['a path that means its prototype', { 'fleet.__proto__': { cap: 9 } }, 'fleet.__proto__'],
  ])('refuses %s and names it', (_what, changes, named) => {
    given(configActor).when(set(changes)).thenRejected('config.refused', named);
    given(configActor).when(override(changes)).thenRejected('config.refused', named);
  });

  it('keeps the settings it had when a recorded value is not acceptable any more', () => {
    const after = given(
      configActor,
      { type: 'ConfigChanged', v: 1, data: { changes: { 'fleet.cap': 8 }, version: 1, hash: '' } },
      { type: 'ConfigChanged', v: 1, data: { changes: { 'fleet.gone': 1 }, version: 2, hash: '' } },
    );
    expect(after.state.context).toMatchObject({ version: 2, settings: { fleet: { cap: 8 } } });
  });

  it('does not depend on the order in which a record names its paths', () => {
    const one = settingsFrom({ fleet: { cap: 2 }, 'fleet.cap': 9 }, {});
    const other = settingsFrom({ 'fleet.cap': 9, fleet: { cap: 2 } }, {});
    expect(one).toEqual(other);
    expect(isFailure(one)).toBe(false);
  });
});
