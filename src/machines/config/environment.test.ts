import { describe, expect, it } from 'vitest';
import { isFailure } from '../../kernel/errors.ts';
import {
  BUILT_IN_AGENTS,
  DEFAULT_SETTINGS,
  describedSettings,
  presetOf,
  settingPaths,
  settingsFrom,
  settingsFromEnvironment,
  variableOf,
} from './index.ts';

describe('settings from the environment', () => {
  it('have one variable each, and no two the same', () => {
    const names = settingPaths().map(variableOf);
    expect(names).toContain('HEPH_LIMITS_AGENT_WALL_MS');
    expect(names).toContain('HEPH_AGENTS');
    expect(new Set(names).size).toBe(names.length);
  });

  it('name every setting there is', () => {
    // A map of the user's own names is one setting, and empty by default.
    const isGroup = (value: unknown) => typeof value === 'object' && value !== null && Object.keys(value).length > 0;
    const leavesOf = (values: object, path = ''): string[] =>
      Object.entries(values).flatMap(([name, value]) =>
        isGroup(value) ? leavesOf(value as object, `${path}${name}.`) : [`${path}${name}`],
      );
    expect(settingPaths().toSorted()).toEqual(leavesOf(DEFAULT_SETTINGS).sort());
  });

  it('are JSON where they parse as JSON, else text, and nothing when empty', () => {
    const given = settingsFromEnvironment({
      HEPH_FLEET_CAP: '8',
      HEPH_FLEET_PER_AGENT: '{"claude":1}',
      HEPH_LIMITS_START_MS: 'soon',
      HEPH_LIMITS_STOP_GRACE_MS: '',
      HEPH_SOMETHING_ELSE: '1',
      FLEET_CAP: '9',
    });
    expect(given).toEqual({ 'fleet.cap': 8, 'fleet.perAgent': { claude: 1 }, 'limits.startMs': 'soon' });
    expect(isFailure(settingsFrom({}, given))).toBe(true);
  });
});

describe('the preset of an agent', () => {
  it('is the configured one before the built-in one', () => {
    const mine = { argv: ['mine'], env: {}, passEnv: [], files: {}, model: '' };
    expect(presetOf('claude', { claude: mine })).toBe(mine);
    expect(presetOf('claude', {})).toBe(BUILT_IN_AGENTS.claude);
  });

  it('is missing for a name that nobody gave, whatever objects are made of', () => {
    for (const name of ['nobody', 'constructor', '__proto__']) expect(presetOf(name, {})).toBeNull();
  });

  it('gives the prompt behind the end of the options, or not as an argument at all', () => {
    for (const { argv } of Object.values(BUILT_IN_AGENTS)) {
      const at = argv.indexOf('{prompt}');
      if (at >= 0) expect(argv[at - 1]).toBe('--');
      else expect(argv).toContain('{prompt_file}');
    }
  });
});

describe('described settings', () => {
  it('are all that there are, each with a type and what it means', () => {
    const described = describedSettings();
    expect(described.map(({ path }) => path)).toEqual(settingPaths());
    for (const { path, type, meaning } of described)
      expect([path, type !== '', meaning !== '']).toEqual([path, true, true]);
    expect(described[0]).toEqual({
      path: 'fleet.cap',
      variable: 'HEPH_FLEET_CAP',
      type: 'integer 1–200',
      default: 4,
      meaning: 'How many agents run at once.',
    });
  });
});
