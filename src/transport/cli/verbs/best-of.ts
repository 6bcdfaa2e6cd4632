import { resolve } from 'node:path';
import { shellWords } from '../../../kernel/words.ts';
import { readBestOf } from '../best-of/read.ts';
import type { Client, CommandAnswer } from '../client.ts';
import { EXIT, fail } from '../failure.ts';
import { eventOf, justBefore } from '../over-stream.ts';
import type { WireEvent } from '../run/story.ts';
import { bestOfNLines, laterLines, rescoringLine } from '../shown/best-of-n.ts';
import { followToEnd, type Surroundings } from './run.ts';

export interface BestOfOptions {
  repo: string;
  agent?: string[];
  model?: Record<string, string[]>;
  score?: string;
  seed?: number;
  earlyStop?: boolean;
  maxLines?: number;
  allowFiles?: string[];
  allowImports?: string[];
  expectOutput?: string;
  criterion?: string[];
  from?: string;
  check?: string;
  branch?: string;
  merge: boolean;
  fromHead?: boolean;
  idempotencyKey?: string;
}

/** Starts several candidates for one goal and follows them to the verdict. Answers 0 only when the best one was taken. */
export async function startBestOf(
  around: Surroundings,
  n: number,
  goal: string | undefined,
  options: BestOfOptions,
): Promise<number> {
  const { client, output, world, words } = around;
  const { repo, agent, model, score, seed, from, check, branch, merge, earlyStop, fromHead } = options;
  const input = {
    ...{
      n,
      repository: resolve(world.cwd, repo),
      goal,
      agents: agent,
      models: model,
      score,
      seed,
      from,
      check,
      branch,
    },
    ...{ merge, earlyStop, fromHead, criteria: options.criterion, constraints: constraintsOf(options) },
  };
  const started = await client.command('start_best_of_n', input, options.idempotencyKey);
  output.record({ type: 'started', bestOfNId: started.id, position: started.position });
  const back = shellWords([words.self, 'best-of', 'show', started.id, ...words.data]);
  output.say(`${started.id} is started; to look at it: ${back}`);
  const workflowId = await runOf(client, started);
  if (workflowId !== null) return followToEnd(around, workflowId);
  const answer = await readBestOf(client, started.id);
  for (const line of bestOfNLines(answer)) output.say(line);
  output.record(answer);
  return EXIT.failed;
}

/** What the candidates must keep to; undefined when nothing was said. */
function constraintsOf({ maxLines, allowFiles, allowImports, expectOutput }: BestOfOptions) {
  const said = { maxLines, allowedFiles: allowFiles, allowedImports: allowImports, expectedOutput: expectOutput };
  return Object.values(said).some((one) => one !== undefined) ? said : undefined;
}

/** The run that holds the candidates, as soon as it is there, so that whatever it waits for is told; null when it came to none. */
async function runOf(client: Client, started: CommandAnswer): Promise<string | null> {
  const types = ['WorkflowStarted', 'BestOfNFailed', 'BestOfNCancelled'];
  const fits = ({ type, stream, data }: WireEvent) =>
    type === 'WorkflowStarted' ? data.bestOfNId === started.id : stream === started.stream;
  const event = await eventOf(client, { after: justBefore(started.position), types }, fits);
  return event.type === 'WorkflowStarted' ? String(event.data.workflowId) : null;
}

export interface RescoreOptions {
  score?: string;
  check?: string;
  judgesFrom?: string;
  measure?: boolean;
  idempotencyKey?: string;
}

/** Judges past candidates again and waits for the verdict. Answers 1 when it was given up. */
export async function rescore(
  { client, output }: Surroundings,
  bestOfNId: string,
  { idempotencyKey, ...options }: RescoreOptions,
): Promise<number> {
  const asked = await client.command('rescore_best_of_n', { bestOfNId, ...options }, idempotencyKey);
  const { verdict, position } = await begunBy(client, asked);
  const ends = ['VerdictReached', 'RescoringAbandoned'];
  const from = { after: justBefore(position), types: ends, stream: asked.stream };
  await eventOf(client, from, ({ data }) => data.verdict === verdict);
  const answer = await readBestOf(client, asked.id);
  const reached = answer.summary.rescorings.find((one) => one.verdict === verdict);
  if (!reached) throw fail('server.bad_answer', `The server knows no verdict ${verdict}.`);
  for (const line of laterLines(answer, verdict)) output.say(line);
  output.say(rescoringLine(reached));
  output.record({ type: 'rescored', bestOfNId: asked.id, first: answer.summary.verdict, ...reached });
  return reached.status === 'reached' ? EXIT.ok : EXIT.failed;
}

/** The rescoring that was asked for: the newest there was when the command had been taken. */
async function begunBy(
  client: Client,
  { stream, position, events }: CommandAnswer,
): Promise<{ verdict: number; position: string }> {
  const asked = { stream, types: ['RescoringStarted'], limit: 1000 };
  const { events: begun } = await client.query<{ events: WireEvent[] }>('get_events', asked);
  const known = events.length > 0 ? begun.filter((one) => BigInt(one.position) <= BigInt(position)) : begun;
  const newest = known.at(-1);
  if (!newest) throw fail('server.bad_answer', 'The server has recorded no rescoring.');
  return { verdict: newest.data.verdict as number, position: newest.position };
}
