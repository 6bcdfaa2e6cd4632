import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createOperator, type Operator, type Told } from '../../tests/support/operator.ts';
import { processorSeconds } from './processor-time.ts';

/** Packages of the repository: the first is broken, the others stay as they are. */
const PACKAGES = ['a', 'b', 'c', 'd'];
/** How many of them no candidate touches. */
export const UNTOUCHED = PACKAGES.length - 1;

/** A best-of-N that has come to its end. */
export interface Contest {
  seconds: number;
  /** Of the server and everything that it started for it. */
  processorSeconds: number;
  /** What the log tells of its run, in order. */
  events: Told[];
}

/**
 * A repository in which each package has a check that uses so much processor time; `packages/a` is broken until its value
 * is 1.
 */
export function makeContestRepository(root: string, checkMs: number): void {
  const check = `const used = () => (process.cpuUsage().user + process.cpuUsage().system) / 1000;
while (used() < ${checkMs});
if (require('./value.js') !== 1) throw new Error('the value is wrong');\n`;
  for (const name of PACKAGES) {
    const folder = join(root, 'packages', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'check.js'), check);
    writeFileSync(join(folder, 'value.js'), `module.exports = ${name === 'a' ? 0 : 1};\n`);
  }
  const checks = Object.fromEntries(
    PACKAGES.map((name) => [
      name,
      { run: [process.execPath, `packages/${name}/check.js`], inputs: { files: [`packages/${name}/**`] } },
    ]),
  );
  // JSON is YAML as well.
  writeFileSync(join(root, 'checks.yaml'), JSON.stringify({ checks }));
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root });
  git('init', '--quiet', '-b', 'main');
  git('add', '--all');
  git('-c', 'user.name=Bench', '-c', 'user.email=bench@example.org', 'commit', '--quiet', '-m', 'First');
}

/** One best-of-N from the command to the end of its run; what it comes to is not merged, so that the next one begins where it did. */
export async function runContest(
  server: { pid: number; data: string },
  input: { repository: string; n: number; agents: string[]; seed: number },
): Promise<Contest> {
  const operator = createOperator(server.data);
  const before = await operator.head();
  const used = processorSeconds(server.pid);
  const startedAt = performance.now();
  const { id } = await operator.command('start_best_of_n', {
    ...{ goal: 'Mend the value', merge: false, ...input },
  });
  const { data } = await operator.until(['MutationStarted'], before, ({ stream }) => stream.endsWith(id));
  const workflowId = String(data.workflowId);
  const end = await operator.until(['WorkflowCompleted', 'WorkflowFailed', 'WorkflowCancelled'], before, ({ stream }) =>
    stream.endsWith(workflowId),
  );
  const contest = {
    seconds: (performance.now() - startedAt) / 1000,
    processorSeconds: processorSeconds(server.pid) - used,
    events: await eventsOf(operator, before, [id, workflowId]),
  };
  if (end.type !== 'WorkflowCompleted') throw new Error(`${end.type}: ${JSON.stringify(end.data)}`);
  return contest;
}

async function eventsOf(operator: Operator, after: string, [id, workflowId]: [string, string]): Promise<Told[]> {
  const all = await operator.events({ after });
  return all.filter(({ meta, stream }) => meta.scope?.workflowId === workflowId || stream.endsWith(id));
}
