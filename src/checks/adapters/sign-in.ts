import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentPreset } from '../ports.ts';

/** Whether a CLI has what it signs in with. Only that it is there: whether it is still good, nobody asked. */
export type SignIn = { state: 'yes'; how: string } | { state: 'no'; next: string } | { state: 'unknown'; why: string };

interface Habits {
  keys: readonly string[];
  login: string;
  /** Where its sign-in and its configuration lie, relative to `home`, in this order. */
  home(variable: (name: string) => string | undefined, home: string): { signIn: string; configuration: string[] };
}

/** As the three document it. */
const HABITS: Readonly<Record<string, Habits>> = {
  codex: {
    keys: ['CODEX_API_KEY', 'OPENAI_API_KEY'],
    login: 'codex login',
    home(variable, home) {
      const own = variable('CODEX_HOME') || join(home, '.codex');
      return { signIn: join(own, 'auth.json'), configuration: [join(own, 'config.toml')] };
    },
  },
  claude: {
    keys: ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'CLAUDE_CODE_OAUTH_TOKEN'],
    login: 'claude, then /login',
    home(variable, home) {
      const own = variable('CLAUDE_CONFIG_DIR') || join(home, '.claude');
      return { signIn: join(own, '.credentials.json'), configuration: [join(own, 'settings.json')] };
    },
  },
  opencode: {
    keys: ['OPENCODE_API_KEY', 'ANTHROPIC_API_KEY', 'OPENAI_API_KEY', 'OPENROUTER_API_KEY'],
    login: 'opencode auth login',
    home(variable, home) {
      const own = join(variable('XDG_CONFIG_HOME') || join(home, '.config'), 'opencode');
      return {
        signIn: join(variable('XDG_DATA_HOME') || join(home, '.local', 'share'), 'opencode', 'auth.json'),
        configuration: ['opencode.json', 'opencode.jsonc', 'config.json'].map((name) => join(own, name)),
      };
    },
  },
};

/**
 * Looks at the variables and files that the CLI reads and tells none of what they hold. Null for a program whose habits are
 * not known. `home` is the person's.
 */
export function signInOf(
  preset: Required<Pick<AgentPreset, 'passEnv' | 'env'>> & Pick<AgentPreset, 'output'>,
  env: Readonly<Record<string, string | undefined>>,
  home: string,
): SignIn | null {
  const habits = Object.hasOwn(HABITS, preset.output ?? '') ? HABITS[preset.output ?? ''] : undefined;
  if (!habits) return null;
  // Nothing else of the person's environment reaches the agent.
  const variable = (name: string) => preset.env[name] ?? (preset.passEnv.includes(name) ? env[name] : undefined);
  const key = habits.keys.find((name) => variable(name));
  if (key) return { state: 'yes', how: key };
  const { signIn, configuration } = habits.home(variable, preset.env.HOME ?? home);
  if (signIn.includes('{')) return { state: 'unknown', why: 'its home is made anew for each agent' };
  const found = holdsSomething(signIn);
  if (found === true) return { state: 'yes', how: signIn };
  if (found === null) return { state: 'unknown', why: `${signIn} cannot be read` };
  const other = configuration.find(exists);
  if (other) return { state: 'unknown', why: `no ${signIn}, but ${other} may say otherwise` };
  // There the keychain holds what is a file elsewhere.
  if (process.platform === 'darwin') return { state: 'unknown', why: 'the keychain was not asked' };
  return { state: 'no', next: `Run: ${habits.login}. Or set ${habits.keys[0]}.` };
}

/** Null when it is there and is no JSON object that anybody could read. */
function holdsSomething(file: string): boolean | null {
  if (!exists(file)) return false;
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : null;
  } catch {
    return null;
  }
}

function exists(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}
