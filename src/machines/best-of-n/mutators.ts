import { canonicalJson, sha256 } from '../../kernel/canonical.ts';
import { plainLine } from '../../kernel/plain-text.ts';
import {
  type Constraints,
  type Directive,
  EMPHASES,
  type Emphasis,
  type Parameters,
  REPAIR_FAVOURS,
  REPAIR_FORMULAS,
  REPAIR_ORDERS,
} from './directive.ts';
import { applyDraft, type Draft, type Written } from './drafts.ts';
import type { Variant } from './events.ts';

export interface MutationRequest {
  directive: Directive;
  n: number;
  /** All that is chosen here follows from it. */
  seed: number;
  /** In turn; the first works on variant 0. */
  agents: readonly string[];
  /** What an agent may be given instead of its own model, by agent. */
  models: Readonly<Record<string, readonly string[]>>;
  /** What a model wrote for variants whose agents read a prompt; null: it was not asked. */
  written?: Written | null;
}

/** One thing that a directive can be asked for in other words. */
interface Mutator {
  name: string;
  /** Every other setting than the one that the directive has. */
  options(directive: Directive, request: MutationRequest): Option[];
}

interface Option {
  words: string;
  apply(directive: Directive): Directive;
}

const REPAIR_AGENT = 'repair';

/** The repair agent reads its own parameters and no prompt; every other agent reads its prompt. */
const readsPrompt = ({ parameters }: Directive): boolean => parameters.agent !== REPAIR_AGENT;

const MUTATORS: readonly Mutator[] = [
  {
    name: 'model',
    options: ({ parameters }, { models }) => {
      const own = Object.hasOwn(models, parameters.agent) ? (models[parameters.agent] as readonly string[]) : [];
      return own.filter((model) => model !== parameters.model).map((model) => setting({ model }, `the model ${model}`));
    },
  },
  {
    name: 'emphasis',
    options: (directive) =>
      readsPrompt(directive)
        ? (Object.keys(EMPHASES) as Emphasis[])
            .filter((emphasis) => emphasis !== directive.parameters.emphasis)
            .map((emphasis) => setting({ emphasis }, `the emphasis ${emphasis.replaceAll('_', ' ')}`))
        : [],
  },
  {
    // Tighter than was asked for: scored is by what was asked for, so that a tighter variant can only gain by it.
    name: 'constraints',
    options: (directive) => {
      if (!readsPrompt(directive)) return [];
      const { maxLines, allowedImports } = directive.constraints;
      const fewer = maxLines === null ? 40 : Math.ceil(maxLines / 2);
      return [
        ...(fewer === maxLines ? [] : [tighter({ maxLines: fewer }, `at most ${fewer} changed lines`)]),
        ...(allowedImports?.length === 0 ? [] : [tighter({ allowedImports: [] }, 'no new imports')]),
      ];
    },
  },
  {
    name: 'repair_favour',
    options: (directive) => repairOptions(directive, 'favour', REPAIR_FAVOURS, (favour) => `${favour} tried first`),
  },
  {
    name: 'repair_formula',
    options: (directive) =>
      repairOptions(directive, 'formula', REPAIR_FORMULAS, (formula) => `the localisation formula ${formula}`),
  },
  {
    name: 'repair_order',
    options: (directive) => repairOptions(directive, 'order', REPAIR_ORDERS, (order) => `the search order ${order}`),
  },
];

/** As they are recorded with a variant. */
export const MUTATOR_NAMES: readonly string[] = ['agent', ...MUTATORS.map(({ name }) => name), 'openai', 'seed'];

/** Which variants a model can write: those whose agents read a prompt, but for variant 0. */
export function writable({ n, agents }: Pick<MutationRequest, 'n' | 'agents'>): number[] {
  return Array.from({ length: n }, (_none, index) => index).filter(
    (index) => index > 0 && agents[index % agents.length] !== REPAIR_AGENT,
  );
}

/**
 * Variant 0 is the directive as given. The others take the agents in turn; each differs from every other of its agent, in
 * one thing at first and in more once those are used up, and has a seed of its own. The same request gives the same variants.
 */
export function mutate(request: MutationRequest): Variant[] {
  const { directive, n, seed, agents, written = null } = request;
  const toWrite = writable(request);
  const variants: Variant[] = [{ index: 0, directive, mutators: [], words: 'As given.' }];
  const seeds = new Set([directive.parameters.seed]);
  const decks = new Map<string, Change[]>();
  for (let index = 1; index < n; index++) {
    const agent = agents[index % agents.length] ?? directive.parameters.agent;
    const own = ofAgent(directive, agent);
    const changes = decks.get(agent) ?? deckOf(own, request);
    const [drawn = NO_CHANGE, ...rest] = changes;
    const place = written ? toWrite.indexOf(index) : -1;
    const draft = written?.drafts[place];
    const change = written && draft ? asWritten(drawn, draft, written.model) : drawn;
    const missing = written && place >= 0 && !draft ? ` ${written.model} was to write it: ${written.problem}.` : '';
    // Past the last combination the deck begins again: such variants differ by their seeds only.
    decks.set(agent, rest.length > 0 ? rest : deckOf(own, request));
    const fresh = unusedSeed(seed, index, seeds);
    seeds.add(fresh);
    const changed = change.options.reduce((one, option) => option.apply(one), own);
    variants.push({
      index,
      directive: { ...changed, parameters: { ...changed.parameters, seed: fresh } },
      mutators: [...(own === directive ? [] : ['agent']), ...change.mutators, 'seed'],
      words: wordsOf(own === directive ? [] : [`the agent ${agent}`], change, fresh) + missing,
    });
  }
  return variants;
}

/** Some options, of a mutator each. */
interface Change {
  mutators: string[];
  options: Option[];
}

const NO_CHANGE: Change = { mutators: [], options: [] };

/** What a model wrote takes the place of what chance drew, but for the agent’s model, which is not its to choose. */
function asWritten({ mutators, options }: Change, draft: Draft, model: string): Change {
  const kept = mutators.indexOf('model');
  const written: Option = {
    words: `an approach by ${model} (${plainLine(draft.approach, 120)})`,
    apply: (directive) => applyDraft(directive, draft),
  };
  return {
    mutators: [...(kept < 0 ? [] : ['model']), 'openai'],
    options: [...options.slice(kept, kept + 1), written],
  };
}

/** Every combination of options, those of few mutators first, so that what made the difference can be told; within, by chance. */
function deckOf(directive: Directive, request: MutationRequest): Change[] {
  let changes: Change[] = [NO_CHANGE];
  for (const { name, options } of MUTATORS) {
    const others = options(directive, request);
    changes = changes.flatMap((change) => [
      change,
      ...others.map((option) => ({ mutators: [...change.mutators, name], options: [...change.options, option] })),
    ]);
  }
  const deck = changes
    .map((change) => ({ change, chance: drawn(request.seed, canonicalJson(change.options.map(({ words }) => words))) }))
    .sort((a, b) => a.change.options.length - b.change.options.length || (a.chance < b.chance ? -1 : 1))
    .map(({ change }) => change);
  // As given is variant 0 already; an agent that has had no variant begins with the directive as it is.
  return directive === request.directive && deck.length > 1 ? deck.slice(1) : deck;
}

/** The directive for another agent: a model is an agent's own, so it goes. */
function ofAgent(directive: Directive, agent: string): Directive {
  if (directive.parameters.agent === agent) return directive;
  return { ...directive, parameters: { ...directive.parameters, agent, model: null } };
}

const SEED_RANGE = 2 ** 31;

function unusedSeed(seed: number, index: number, used: ReadonlySet<number | null>): number {
  for (let round = 0; ; round++) {
    const fresh = Number.parseInt(drawn(seed, `seed ${index} ${round}`).slice(0, 12), 16) % SEED_RANGE;
    if (!used.has(fresh)) return fresh;
  }
}

/** Chance that is the same for the same seed and name everywhere. */
function drawn(seed: number, name: string): string {
  return sha256(`${seed} ${name}`);
}

function setting(change: Partial<Parameters>, words: string): Option {
  return { words, apply: (directive) => ({ ...directive, parameters: { ...directive.parameters, ...change } }) };
}

function tighter(change: Partial<Constraints>, words: string): Option {
  return { words, apply: (directive) => ({ ...directive, constraints: { ...directive.constraints, ...change } }) };
}

function repairOptions<K extends keyof Parameters['repair']>(
  { parameters }: Directive,
  name: K,
  values: readonly NonNullable<Parameters['repair'][K]>[],
  words: (value: string) => string,
): Option[] {
  if (parameters.agent !== REPAIR_AGENT) return [];
  return values
    .filter((value) => value !== parameters.repair[name])
    .map((value) => ({
      words: words(value),
      apply: (directive) => ({
        ...directive,
        parameters: { ...directive.parameters, repair: { ...directive.parameters.repair, [name]: value } },
      }),
    }));
}

function wordsOf(agent: readonly string[], { options }: Change, seed: number): string {
  const parts = [...agent, ...options.map(({ words }) => words), `the seed ${seed}`];
  return `With ${parts.length > 1 ? `${parts.slice(0, -1).join(', ')} and ` : ''}${parts.at(-1)}.`;
}
