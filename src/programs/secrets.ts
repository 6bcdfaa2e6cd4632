const SECRET_NAME = /(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL)/i;
const VALUE_CHARS_MIN = 8;

/** Values of the environment that look like secrets by their names; they are taken out of everything that is kept. */
export function secretsOf(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(environment).flatMap(([name, value]) =>
    value && SECRET_NAME.test(name) && value.length >= VALUE_CHARS_MIN ? [value] : [],
  );
}
