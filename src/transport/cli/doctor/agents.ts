import type { World } from '../world.ts';
import { type Finding, note, ok } from './findings.ts';
import { findExecutable, versionOf } from './run-tool.ts';
import { signInOf, type SignInQuestion } from './sign-in.ts';

export interface DoctorPreset extends Partial<SignInQuestion> {
  argv: readonly string[];
}

/** Whether each agent's program is there, which version it is, and whether it has what it signs in with. */
export function checkAgents(
  presets: Readonly<Record<string, DoctorPreset>>,
  world: Pick<World, 'env' | 'home'>,
): Promise<Finding[]> {
  return Promise.all(Object.entries(presets).map(([name, preset]) => checkAgent(name, preset, world.env, world.home)));
}

export async function checkAgent(
  name: string,
  { argv, output, env: own = {}, passEnv = [] }: DoctorPreset,
  env: World['env'],
  home: string,
): Promise<Finding> {
  const [program = ''] = argv;
  const what = `agent ${name}`;
  // Ours comes with us.
  if (program.includes('{heph_node}')) return ok(what, 'built in');
  const file = findExecutable(program, env);
  if (!file)
    return note(
      what,
      `${program} is not on the PATH.`,
      `Install it, or correct agents.${name}.argv, before you use this agent.`,
    );
  const found = `${file} ${(await versionOf(file, env)) ?? '(does not tell its version)'}`;
  const signIn = signInOf({ output, env: own, passEnv }, env, home);
  switch (signIn?.state) {
    case undefined:
      return ok(what, found);
    case 'yes':
      return ok(what, `${found}, signed in by ${signIn.how}`);
    case 'no':
      return note(what, `${found}, not signed in`, signIn.next);
    case 'unknown':
      return note(what, `${found}, sign-in unknown: ${signIn.why}`, 'Nothing, if it works when you call it yourself.');
  }
}
