import { HephError } from '../../kernel/errors.ts';

/** What every agent gets of the server's environment, where it is set. */
const INHERITED = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'USER', 'SHELL', 'TZ'];
const LOCALE = /^LC_[A-Z]+$/;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const SECRET_NAME = /KEY|TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIAL|AUTH/i;
/** Shorter values would be found everywhere in harmless output. */
const SECRET_CHARS_MIN = 8;

export interface EnvironmentRequest {
  /** The server's own environment. */
  from: Readonly<Record<string, string | undefined>>;
  passEnv: readonly string[];
  env: Readonly<Record<string, string>>;
  agentId: string;
  taskId: string;
}

/**
 * The agent's whole environment, built from nothing: a short list, the names it was allowed, its own settings, and who it
 * is. `PATH` is the user's, untouched: the agent's tools are the user's tools. Throws Invalid `input.invalid` for a name
 * or value that no environment can hold.
 */
export function agentEnvironment({ from, passEnv, env, agentId, taskId }: EnvironmentRequest): Record<string, string> {
  const names = [...INHERITED, ...Object.keys(from).filter((name) => LOCALE.test(name)), ...passEnv];
  const inherited = names.map((name) => [name, from[name]]).filter((pair) => pair[1] !== undefined);
  const all: Record<string, string> = {
    ...Object.fromEntries(inherited),
    ...env,
    TERM: 'xterm-256color',
    HEPH_AGENT_ID: agentId,
    HEPH_TASK_ID: taskId,
  };
  for (const [name, value] of Object.entries(all)) {
    if (!NAME.test(name))
      throw new HephError('input.invalid', `"${name}" cannot be the name of an environment variable.`);
    if (value.includes('\0')) throw new HephError('input.invalid', `The value of ${name} holds a NUL character.`);
  }
  return all;
}

/** The values among an environment's that its transcript must not show, judged by their names. */
export function secretValues(environment: Readonly<Record<string, string>>): string[] {
  return Object.entries(environment)
    .filter(([name, value]) => SECRET_NAME.test(name) && value.length >= SECRET_CHARS_MIN)
    .map(([, value]) => value);
}
