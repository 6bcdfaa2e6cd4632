import { z } from 'zod';
import { isSecretName } from '../../kernel/secret-name.ts';
import { ownScorersSchema } from '../best-of-n/own-scorers.ts';
import { takesSchema } from '../agent/takes.ts';
import { DEFAULT_SCORE, scoreTextSchema } from '../best-of-n/weights.ts';
import { thresholdsSchema, weightsSchema } from '../guardian/thresholds.ts';

/**
 * Every setting with its default, its unit in the name and its meaning; `docs/configuration.md` is made from here.
 * Precedence: flag > `HEPH_*` > `set_config` (facts in the log) > default.
 */
const NAME = /^[a-z0-9][a-z0-9_-]{0,39}$/;

export const agentPresetSchema = z
  .strictObject({
    argv: z
      .array(z.string().max(4000))
      .min(1)
      .max(100)
      .describe(
        'The program and its arguments. Placeholders: {prompt_file} {prompt} {worktree} {mcp_config} {task_id} {agent_id} {token_file} {agent_dir} {mcp_command_json} {mcp_args_json} {mcp_argv_json} {heph_node} {repair_agent} {check} {model}.',
      ),
    env: z
      .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string())
      .default({})
      .describe('Variables added to the allow-listed environment; placeholders as in argv.'),
    passEnv: z
      .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/))
      .default([])
      .describe('Names of variables of the server’s environment that the agent may see, e.g. its API key.'),
    files: z
      .record(z.string(), z.string())
      .default({})
      .describe('Files laid into the agent’s own folder (0600) before it starts; placeholders as in argv.'),
    model: z.string().default('').describe('Replaces {model}.'),
    output: z
      .enum(['text', 'codex', 'claude', 'opencode'])
      .optional()
      .describe(
        'What it prints: plain text (the default), or the JSON lines of one of these CLIs, by which a turn that failed is known in spite of its exit code.',
      ),
    conflicts: z
      .enum(['markers', 'anew'])
      .optional()
      .describe(
        'How it gets work back that did not merge: as conflict markers in its files, on the branch as it is now (the default), or as a task to be done anew there.',
      ),
    silenceMs: z
      .number()
      .int()
      .min(1000)
      .optional()
      .describe('How long it may be without output or report; default limits.agentSilenceMs.'),
    takes: takesSchema
      .optional()
      .describe(
        'What a person can say to it while it works. messages: none (the default), line (a line and Enter) or paste (a bracketed paste and Enter). interrupt: none (the default), escape or ctrl_c.',
      ),
    reviews: z.boolean().optional().describe('Whether it can judge the work of others; left out: yes.'),
    wallMs: z
      .number()
      .int()
      .min(1000)
      .optional()
      .describe('How long one attempt may take; default limits.agentWallMs.'),
  })
  .describe('How a coding agent’s CLI is started.');
export type AgentPreset = z.infer<typeof agentPresetSchema>;

export const settingsSchema = z.strictObject({
  fleet: z
    .strictObject({
      cap: z.number().int().min(1).max(200).default(4).describe('How many agents run at once.'),
      perAgent: z
        .record(z.string().regex(NAME), z.number().int().min(0).max(200))
        .default({})
        .describe('A lower cap for agents of one name.'),
      diedAtOnceMs: z
        .number()
        .int()
        .min(0)
        .default(3000)
        .describe('An agent that ends sooner than this, without a report, has died at once.'),
      diedAtOnceMax: z
        .number()
        .int()
        .min(1)
        .default(3)
        .describe('So many deaths at once in a row stop that agent’s name.'),
    })
    .prefault({}),
  agents: z
    .record(z.string().regex(NAME), agentPresetSchema)
    .default({})
    .describe('Agents beyond the built-in ones, or in their place.'),
  limits: z
    .strictObject({
      attemptsMax: z
        .number()
        .int()
        .min(1)
        .max(20)
        .default(2)
        .describe('How often a task is tried by itself when its agent dies, hangs or is lost.'),
      validationRoundsMax: z
        .number()
        .int()
        .min(1)
        .max(20)
        .default(3)
        .describe('How often a task’s work may be sent back.'),
      restartsMax: z.number().int().min(0).max(100).default(10).describe('How often a person may restart a task.'),
      tasksPerWorkflowMax: z
        .number()
        .int()
        .min(1)
        .max(100_000)
        .default(500)
        .describe('How many tasks a workflow may grow to.'),
      agentWallMs: z.number().int().min(1000).default(1_800_000).describe('How long one attempt of an agent may take.'),
      agentSilenceMs: z
        .number()
        .int()
        .min(1000)
        .default(300_000)
        .describe('An agent without output or report for so long shows no_signal.'),
      startMs: z
        .number()
        .int()
        .min(1000)
        .default(120_000)
        .describe('How long a granted slot may wait for its agent to live.'),
      stopGraceMs: z
        .number()
        .int()
        .min(0)
        .default(5_000)
        .describe('How long an agent may take to end by itself before it is killed.'),
      exitGraceMs: z
        .number()
        .int()
        .min(0)
        .default(10_000)
        .describe('How long an agent may go on after it reported its outcome.'),
      backoffMs: z
        .number()
        .int()
        .min(0)
        .default(2_000)
        .describe('Wait before the second attempt; doubled for each further one.'),
      checkWallMs: z.number().int().min(1000).default(600_000).describe('How long a check may take.'),
      mutationMs: z
        .number()
        .int()
        .min(1000)
        .max(86_400_000)
        .default(300_000)
        .describe('How long the tests are asked whether they notice mutants of a change (`survivors_max`).'),
      checksAtOnce: z.number().int().min(1).max(64).default(2).describe('How many checks run at the same time.'),
      transcriptBytesMax: z
        .number()
        .int()
        .min(65_536)
        .default(67_108_864)
        .describe('How much of an agent’s terminal is kept.'),
    })
    .prefault({}),
  budgets: z
    .strictObject({
      costUsdMax: z.number().min(0).default(0).describe('A workflow that has cost more is paused. 0: no limit.'),
      tokensMax: z
        .number()
        .int()
        .min(0)
        .default(0)
        .describe('A workflow that has used more tokens is paused. 0: no limit.'),
    })
    .prefault({}),
  guardian: z
    .strictObject({
      intervalMs: z
        .number()
        .int()
        .min(0)
        .max(3_600_000)
        .refine((ms) => ms === 0 || ms >= 1000, 'it is 0, or at least 1000')
        .default(30_000)
        .describe('How often each living agent is looked at. 0: never; nothing is then known of its coherence.'),
      onSilence: z
        .enum(['warn', 'stop'])
        .default('stop')
        .describe(
          'What follows when an agent is silent for longer than its driver promises and nothing of it is measured to work: a warning, or a warning and, when it lasts, a stop. What could not be measured stops nobody.',
        ),
      onOrphan: z
        .enum(['warn', 'stop'])
        .default('stop')
        .describe(
          'What follows when an agent lives of which the log knows nothing: a warning, or a warning and then a stop. One that the log says has ended is always stopped, since its task goes on in the same files.',
        ),
      stopAfterMs: z
        .number()
        .int()
        .min(0)
        .max(86_400_000)
        .default(600_000)
        .describe('How long after its warning an agent is stopped, when what was warned of has lasted.'),
      thresholds: thresholdsSchema.prefault({}),
      weights: weightsSchema.prefault({}),
    })
    .prefault({}),
  mergeTrain: z
    .strictObject({
      batchMax: z
        .number()
        .int()
        .min(1)
        .max(100)
        .default(16)
        .describe(
          'So many candidates of a merge train are merged and checked together when the line is long; halved when a batch fails, doubled when one passes. 1: one at a time.',
        ),
    })
    .prefault({}),
  bestOfN: z
    .strictObject({
      score: scoreTextSchema
        .default(DEFAULT_SCORE)
        .describe(
          'What counts how much among several candidates, as scorer=weight,… The names are those of the built-in scorers and of bestOfN.scorers.',
        ),
      scorers: ownScorersSchema
        .default({})
        .describe(
          'Scorers of your own, by the name that a score gives them: {"command": [program, arguments …]} runs in the candidate’s tree and prints one number from 0 to 1, {"module": path} is a module of the base commit whose default export takes the candidate and answers it; wallMs (default 60000) is how long one may take. One that the score does not name is not run.',
        ),
    })
    .prefault({}),
  model: z
    .strictObject({
      name: z
        .string()
        .max(200)
        .default('')
        .describe('A language model that writes variants for best of N. Empty: none, and nothing needs one.'),
      baseUrl: z
        .string()
        .max(2000)
        .refine(isPlainWebAddress, 'it is an http or https address without a user, a password or a query')
        .default('https://api.openai.com/v1')
        .describe('Where its provider offers Chat Completions: `/chat/completions` is added.'),
      keyVariable: z
        .string()
        .regex(/^([A-Za-z_]\w{0,118})?$/, 'it is the name of a variable')
        .refine(
          (name) => name === '' || isSecretName(name),
          'a variable with a key has KEY, TOKEN or SECRET in its name',
        )
        .default('OPENAI_API_KEY')
        .describe(
          'The variable of the server’s environment that holds the key; the key itself is never a setting. Empty: the provider needs none.',
        ),
      wallMs: z
        .number()
        .int()
        .min(1000)
        .max(600_000)
        .default(60_000)
        .describe('How long one answer may take, all tries together; then work goes on without it.'),
    })
    .prefault({}),
  server: z
    .strictObject({
      idleExitMs: z
        .number()
        .int()
        .min(1000)
        .default(60_000)
        .describe('A server that was started by another verb ends after so long without work, agents or clients.'),
      leaseMs: z
        .number()
        .int()
        .min(1000)
        .max(3_600_000)
        .default(30_000)
        .describe(
          'On a log that several servers share: one that was not heard of for so long may lose its work to another. Renewed three times as often, while there is work.',
        ),
    })
    .prefault({}),
});
function isPlainWebAddress(text: string): boolean {
  const { protocol, username, password, search, hash } = URL.parse(text) ?? { protocol: '' };
  return /^https?:$/.test(protocol) && !username && !password && !search && !hash;
}

export type Settings = z.infer<typeof settingsSchema>;

export const DEFAULT_SETTINGS: Settings = settingsSchema.parse({});
