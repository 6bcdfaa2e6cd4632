import { z } from 'zod';

/** A workflow as its folder under `phases/` describes it. It is recorded whole in the workflow's first event, so editing a folder never changes running work. */
export const NAME_PATTERN = /^[a-z0-9][a-z0-9_-]{0,39}$/;
const name = z.string().regex(NAME_PATTERN, 'must be lower-case letters, digits, dash or underscore');

/** The MCP tools that a phase may allow its agents; `get_*` and `wait_for_events` are always allowed. */
export const AGENT_TOOLS = [
  'create_task',
  'update_task_status',
  'report_progress',
  'report_usage',
  'submit_result',
] as const;

export const reviewSchema = z.strictObject({
  agent: z
    .union([z.literal('default'), name])
    .default('default')
    .describe('Which agent reviews; it is never the one that did the work, though it may be of the same name.'),
  instructions: z.string().max(20_000).default('').describe('What the reviewer is to look at.'),
});

export const phaseSchema = z.strictObject({
  name,
  goal: z.string().min(1).max(2000).describe('What is true when the phase is over.'),
  role: name.describe('What an agent does here; the built-in agent knows investigate and fix.'),
  agent: z
    .union([z.literal('none'), z.literal('default'), name])
    .default('default')
    .describe('Which agent works here; `none`: the server runs the checks itself.'),
  starts_with: z
    .enum(['one_task', 'tasks_created_by_agents'])
    .default('tasks_created_by_agents')
    .describe('`one_task`: the server opens one task when the phase starts.'),
  candidates: z
    .string()
    .optional()
    .describe(
      'The parameter that says how many agents try the task that the server opens, each in its own way; the best result is taken.',
    ),
  may_be_empty: z.boolean().default(false).describe('Whether the phase may end without any task.'),
  changes: z
    .enum(['none', 'optional', 'required'])
    .default('required')
    .describe('Whether a task must change the tree; with `none` changes are not taken.'),
  files: z
    .array(z.string().min(1).max(500))
    .min(1)
    .max(50)
    .optional()
    .describe(
      'Globs of the files that work of this phase is to stay within. Agents are told, and the guardian warns of what lies outside; left out: the whole repository.',
    ),
  checks: z
    .enum(['none', 'own_failures', 'all'])
    .default('all')
    .describe(
      '`own_failures`: the failures named in the task pass and nothing green at the base is red; `all`: the whole check passes.',
    ),
  survivors_max: z
    .number()
    .int()
    .min(0)
    .max(10_000)
    .optional()
    .describe(
      'When the checks pass, the changed lines are mutated: with more mutants than this that no test notices the work goes back. Left out: not asked.',
    ),
  tests: z
    .enum(['original', 'work'])
    .optional()
    .describe(
      'Which tests judge a change of them: those of the base (`original`, the default) or, with `work`, the changed ones. Everything else that judges always comes from the base.',
    ),
  review: reviewSchema
    .optional()
    .describe('Work that passed its checks is also judged by another agent, in a worktree of its own at that commit.'),
  on_red: name.optional().describe('The phase that gets further tasks when this one fails, up to `rounds_max`.'),
  allowed_tools: z.array(z.enum(AGENT_TOOLS)).default(['update_task_status', 'report_progress', 'report_usage']),
  done: z.array(z.string().min(1)).default([]).describe('The definitions of done, in words.'),
  instructions: z.string().max(60_000).default('').describe('The page below the front matter.'),
});
export type Phase = z.infer<typeof phaseSchema>;

const criterionSchema = z.union(
  [
    z.string().min(1).max(500),
    z.strictObject({
      text: z.string().min(1).max(500),
      proved_by: z
        .enum(['checks', 'baseline'])
        .describe(
          '`checks`: the whole check passes on the result; `baseline`: no test that was green at the base is red, removed or skipped.',
        ),
    }),
  ],
  {
    error: 'must be a sentence of at most 500 characters, or `text` with `proved_by: checks` or `proved_by: baseline`',
  },
);

const resultSchema = z.strictObject({
  criteria: z
    .array(criterionSchema)
    .max(30)
    .default([])
    .describe('What is true of a good result. A criterion that nothing proves is for the reviewer, if there is one.'),
  submitted_by: z
    .enum(['phases', 'agents', 'operator'])
    .optional()
    .describe(
      '`phases`, the default: the server, when the last phase is over; `agents`: those whose phase allows `submit_result`. An operator always may.',
    ),
  review: reviewSchema
    .optional()
    .describe('Another agent answers each criterion, in a worktree of its own at the commit that was submitted.'),
  on_fail: name
    .optional()
    .describe(
      'The phase that gets a task to mend a rejected result, up to `rounds_max`; default: `on_red` of the last phase, else the last phase that changes something.',
    ),
  on_result: z
    .enum(['stop', 'finish_open', 'continue'])
    .optional()
    .describe(
      'What an accepted result means for open tasks. `stop`: they are cancelled; `finish_open`, the default: they finish, and no further phase starts, so that what waits for one is cancelled; `continue`: the run goes on to its last phase.',
    ),
});

export const parameterSchema = z.strictObject({
  name,
  type: z.enum(['text', 'number', 'boolean', 'agent', 'command']),
  title: z.string().optional(),
  default: z.union([z.string(), z.number(), z.boolean(), z.null()]).default(null),
  required: z.boolean().default(false),
});

export const definitionSchema = z.strictObject({
  name,
  title: z.string().min(1).max(200),
  description: z.string().max(4000).default(''),
  parameters: z.array(parameterSchema).default([]),
  result: resultSchema.prefault({}),
  rounds_max: z.number().int().min(1).max(20).default(3).describe('How often a red phase may open further tasks.'),
  phases: z.array(phaseSchema).min(1).max(20),
});
export type WorkflowDefinition = z.infer<typeof definitionSchema>;
