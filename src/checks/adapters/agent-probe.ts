import type { AgentFound, AgentPreset } from '../ports.ts';
import { signInOf } from './sign-in.ts';
import { askVersion, findProgram } from './tools.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Whether each agent's program is there, which version it is, and whether it has what it signs in with. */
export function probeAgents(
  presets: Readonly<Record<string, AgentPreset>>,
  person: { env: Variables; home: string },
): Promise<AgentFound[]> {
  return Promise.all(Object.entries(presets).map(([name, preset]) => probeAgent(name, preset, person)));
}

async function probeAgent(
  name: string,
  { argv, output, env: own = {}, passEnv = [] }: AgentPreset,
  { env, home }: { env: Variables; home: string },
): Promise<AgentFound> {
  const [program = ''] = argv;
  // Ours comes with us.
  if (program.includes('{heph_node}')) return { name, good: true, text: 'built in', next: null };
  const file = findProgram(program, env.PATH);
  if (!file) {
    const next = `Install it, or correct agents.${name}.argv, before you use this agent.`;
    return { name, good: false, text: `${program} is not on the PATH.`, next };
  }
  const version = await askVersion(file, ['--version'], env);
  const found = `${file} ${version || '(does not tell its version)'}`;
  const signIn = signInOf({ output, env: own, passEnv }, env, home);
  switch (signIn?.state) {
    case undefined:
      return { name, good: true, text: found, next: null };
    case 'yes':
      return { name, good: true, text: `${found}, signed in by ${signIn.how}`, next: null };
    case 'no':
      return { name, good: false, text: `${found}, not signed in`, next: signIn.next };
    case 'unknown': {
      // That nothing can be told is no failure.
      const next = 'Nothing, if it works when you call it yourself.';
      return { name, good: true, text: `${found}, sign-in unknown: ${signIn.why}`, next };
    }
  }
}
