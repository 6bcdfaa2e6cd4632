const SECRET_NAME = /(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL)/i;

/** Whether a variable holds a secret, by its name: its value is then taken out of everything that is kept. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}
