import { isSecretName } from '../kernel/secret-name.ts';
import { settingPaths, variableOf } from '../machines/config/index.ts';

const VALUE_CHARS_MIN = 8;

/**
 * Values of the environment that look like secrets by their names; they are taken out of everything that is kept. Settings
 * are recorded as they are: HEPH_BUDGETS_TOKENS_MAX is a number.
 */
export function secretsOf(environment: Readonly<Record<string, string | undefined>>): string[] {
  const settings = new Set(settingPaths().map(variableOf));
  return Object.entries(environment).flatMap(([name, value]) =>
    value && isSecretName(name) && !settings.has(name) && value.length >= VALUE_CHARS_MIN ? [value] : [],
  );
}
