import { Fault } from '../kernel/errors.ts';
import {
  ANSWER_SCHEMA,
  askForDrafts,
  type BestOfN,
  type BestOfNSpec,
  type Drafting,
  readDrafts,
  writable,
} from '../machines/best-of-n/index.ts';
import type { Settings } from '../machines/config/index.ts';
import type { Model } from '../runtime/models/model.ts';
import { type Hands, type Process, settled } from './define-process.ts';
import type { Entity } from './entity.ts';

/** Each holds a connection for as long as a model takes. */
const AT_ONCE = 4;
const NOTHING_TOLD = { inputTokens: null, outputTokens: null, costUsd: null };

/**
 * Where a model is configured, it writes the variants whose agents read a prompt. It is asked once, and whatever comes of
 * that is recorded, so that the variants follow from the log; what it did not write, the built-in mutators make.
 */
export function drafting({ model }: { model: Model }): Process {
  return {
    name: 'drafting',
    concurrency: () => AT_ONCE,
    obligations(entity, world) {
      if (entity.kind !== 'bestOfN') return [];
      const { id, value, context } = entity as Entity<BestOfN>;
      const { spec } = context;
      const isActive = world.workflows.get(context.workflowId ?? '')?.value === 'active';
      if (!spec || value !== 'mutating' || !isActive || !awaitsDrafts(context, world.settings)) return [];
      const record = (hands: Hands, drafts: Drafting) =>
        settled(hands.send('record_drafts', { bestOfNId: id, ...drafts }));
      return [
        {
          key: `drafts:${id}`,
          act: async (hands) => void (await record(hands, await askFor(spec, model, hands))),
          giveUp: async (hands, error) => void (await record(hands, none(spec, hands, error.message, 0))),
        },
      ];
    },
  };
}

/** Whether a model is still to be asked before the variants are planned. */
export function awaitsDrafts({ spec, drafting: asked, candidates }: BestOfN, { model }: Settings): boolean {
  return model.name !== '' && asked === null && candidates.length === 0 && spec !== null && writable(spec).length > 0;
}

async function askFor(spec: BestOfNSpec, model: Model, hands: Hands): Promise<Drafting> {
  const { clock, world } = hands;
  const asked = writable(spec).length;
  const startedAt = clock.monotonicMs();
  const since = () => Math.round(clock.monotonicMs() - startedAt);
  try {
    const { text, ...told } = await model.ask({
      ...askForDrafts(spec.directive, asked),
      provider: world.settings.model,
      answer: { name: 'variants', schema: ANSWER_SCHEMA },
      seed: spec.seed,
    });
    return { ...told, ...readDrafts(text, asked), asked, modelMs: since() };
  } catch (error) {
    if (error instanceof Fault) return none(spec, hands, error.message, since());
    throw error;
  }
}

function none(spec: BestOfNSpec, { world }: Hands, problem: string, modelMs: number): Drafting {
  const { name } = world.settings.model;
  return {
    ...NOTHING_TOLD,
    model: name,
    drafts: [],
    problem: problem.slice(0, 2000),
    asked: writable(spec).length,
    modelMs,
  };
}
