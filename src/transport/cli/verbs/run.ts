import { resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { contestsOf } from '../best-of/read.ts';
import type { Client } from '../client.ts';
import { EXIT, fail } from '../failure.ts';
import { shellWords } from '../../../kernel/words.ts';
import type { Output } from '../output.ts';
import { type Followed, followWorkflow } from '../run/follow.ts';
import { reportLines, reportOf, type Words } from '../run/report.ts';
import type { BestOfNAnswer } from '../shown/best-of-n.ts';
import type { World } from '../world.ts';

export interface RunOptions {
  repo: string;
  goal: string;
  agent?: string;
  check?: string;
  branch?: string;
  merge: boolean;
  fromHead?: boolean;
  param?: Record<string, unknown>;
  idempotencyKey?: string;
}

export interface Surroundings {
  world: World;
  client: Client;
  output: Output;
  words: Words;
}

/** Starts a workflow on a repository and follows it to its end. Answers the exit code: 0 only when it completed. */
export async function runWorkflow(around: Surroundings, name: string, options: RunOptions): Promise<number> {
  const { repo, goal, agent, check, branch, merge, fromHead = false, param = {}, idempotencyKey } = options;
  const repository = resolve(around.world.cwd, repo);
  const optional = { ...(agent && { agent }), ...(check && { check }), ...(branch && { branch }) };
  const input = { workflow: name, repository, goal, merge, fromHead, params: param, ...optional };
  const started = await around.client.command('start_workflow', input, idempotencyKey);
  around.output.record({ type: 'started', workflowId: started.id, position: started.position });
  return followToEnd(around, started.id);
}

/** Follows a workflow, prints its report and answers the exit code. */
export async function followToEnd(around: Surroundings, workflowId: string): Promise<number> {
  const end = await followed(around, workflowId);
  return report(around, end, await contestsOf(around.client, end.story));
}

/** Ctrl-C ends the following only: the workflow goes on, and the person is told how to come back. */
export async function followed({ world, client, output, words }: Surroundings, workflowId: string): Promise<Followed> {
  const stop = new AbortController();
  const back = shellWords([words.self, 'follow', workflowId, ...words.data]);
  const offs = (['SIGINT', 'SIGTERM'] as const).map((signal) => world.onSignal(signal, () => stop.abort()));
  try {
    return await followWorkflow({ client, output, clock: world.clock }, workflowId, stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    throw fail('cli.interrupted', `You have stopped watching; ${workflowId} goes on. To come back: ${back}`);
  } finally {
    for (const off of offs) off();
  }
}

function report({ output, words }: Surroundings, end: Followed, bestOfN: BestOfNAnswer[]): number {
  const result = reportOf(end, bestOfN);
  for (const line of reportLines(result, end.story, words)) output.say(line);
  output.record(result);
  return result.outcome === 'completed' ? EXIT.ok : result.outcome === 'stalled' ? EXIT.stalled : EXIT.failed;
}

/** Adds `name=value` to the parameters; true, false and numbers are taken as such. */
export function parseParam(text: string, previous: Record<string, unknown> = {}): Record<string, unknown> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It is name=value.');
  const value = text.slice(at + 1);
  const typed = /^(?:true|false|-?\d+(?:\.\d+)?)$/.test(value) ? (JSON.parse(value) as unknown) : value;
  return { ...previous, [text.slice(0, at)]: typed };
}
