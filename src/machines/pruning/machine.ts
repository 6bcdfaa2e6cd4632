import { rejected, type Rejected } from '../../kernel/errors.ts';
import { type Chart, defineActor, type Proposer } from '../define-actor.ts';
import type { PruningCommand } from './commands.ts';
import { type PruningFact, type PruningSpec, pruningFacts } from './events.ts';

export interface Pruning {
  spec: PruningSpec | null;
  removed: number;
  reason: string | null;
}

export const pruningChart: Chart = {
  initial: 'absent',
  states: {
    absent: { on: { PruningStarted: 'pruning' } },
    pruning: { on: { PruningCompleted: 'completed', PruningFailed: 'failed' } },
    completed: {},
    failed: {},
  },
};

export function evolvePruning(state: Pruning, fact: PruningFact): Pruning {
  switch (fact.type) {
    case 'PruningStarted': {
      const { by: _by, ...spec } = fact.data;
      return { ...state, spec };
    }
    case 'PruningCompleted':
      return { ...state, removed: fact.data.removed.length };
    case 'PruningFailed':
      return { ...state, reason: fact.data.reason };
  }
}

function decide(command: PruningCommand, actor: Proposer<Pruning, PruningFact>): PruningFact[] | Rejected {
  switch (command.name) {
    case 'prune_kept_work': {
      if (actor.value !== 'absent') return [];
      if (command.input.refs.length === 0)
        return rejected('prune.nothing', 'No work is kept of a run that ended so long ago.');
      return actor.facts({ type: 'PruningStarted', v: 1, data: { ...command.input, by: command.actor } });
    }
    case 'record_pruned': {
      if (actor.value === 'completed') return [];
      const { pruningId: _id, ...data } = command.input;
      const asked = new Set(actor.context.spec?.refs.map(({ ref }) => ref));
      const told = [...data.removed, ...data.gone, ...data.differing];
      const all =
        told.length === asked.size && new Set(told).size === asked.size && told.every((ref) => asked.has(ref));
      if (actor.value === 'pruning' && !all) return actor.refuse('It does not tell of each ref once.');
      return actor.facts({ type: 'PruningCompleted', v: 1, data });
    }
    case 'fail_pruning': {
      if (actor.value === 'failed') return [];
      return actor.facts({ type: 'PruningFailed', v: 1, data: { reason: command.input.reason } });
    }
  }
}

export const pruningActor = defineActor<Pruning, PruningFact, PruningCommand>({
  kind: 'pruning',
  chart: pruningChart,
  facts: pruningFacts,
  outOfOrder: 'prune.out_of_order',
  initial: () => ({ spec: null, removed: 0, reason: null }),
  evolve: evolvePruning,
  decide,
});
