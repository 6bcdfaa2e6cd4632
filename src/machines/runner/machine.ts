import { rejected, type Rejected } from '../../kernel/errors.ts';
import { type Chart, defineActor, type Proposer, stays } from '../define-actor.ts';
import type { RunnerCommand } from './commands.ts';
import { type RunnerFact, runnerFacts } from './events.ts';

export interface RunnerState {
  runnerId: string;
  host: string;
  bootId: string | null;
  dataDirectory: string;
  epoch: number;
  leaseMs: number;
  /** When its server last said that it lives (epoch ms). */
  heardAt: number;
  retiredAt: number | null;
}

export const runnerChart: Chart = {
  initial: 'absent',
  states: {
    absent: { on: { RunnerRegistered: 'serving' } },
    serving: { on: { ...stays('serving', 'RunnerRegistered', 'LeaseRenewed'), RunnerRetired: 'retired' } },
    retired: { on: { RunnerRegistered: 'serving' } },
  },
};

export function evolveRunner(runner: RunnerState, fact: RunnerFact, at: number): RunnerState {
  switch (fact.type) {
    case 'RunnerRegistered':
      return { ...fact.data, heardAt: at, retiredAt: null };
    case 'LeaseRenewed':
      return { ...runner, leaseMs: fact.data.leaseMs, heardAt: at };
    case 'RunnerRetired':
      return { ...runner, retiredAt: at };
  }
}

/**
 * When others may take its work over (epoch ms). An orderly stop does not bring that forward: a server that is started
 * again at once, as for a new version, finds its work where it left it.
 */
export function leaseEndsAt({ heardAt, leaseMs }: Pick<RunnerState, 'heardAt' | 'leaseMs'>): number {
  return heardAt + leaseMs;
}

function decide(command: RunnerCommand, actor: Proposer<RunnerState, RunnerFact>): RunnerFact[] | Rejected {
  const { epoch } = actor.context;
  const given = command.input.epoch;
  if (actor.value !== 'absent' && given < epoch)
    return rejected('runner.superseded', `A later server works for this runner: epoch ${epoch} after ${given}.`);
  switch (command.name) {
    case 'register_runner':
      if (actor.value === 'serving' && given === epoch) return [];
      return actor.facts({ type: 'RunnerRegistered', v: 1, data: command.input });
    case 'renew_lease':
      if (given !== epoch) return actor.refuse(`No server of epoch ${given} has registered.`);
      return actor.facts({ type: 'LeaseRenewed', v: 1, data: { leaseMs: command.input.leaseMs } });
    case 'retire_runner':
      if (actor.value === 'retired') return [];
      if (given !== epoch) return actor.refuse(`No server of epoch ${given} has registered.`);
      return actor.facts({ type: 'RunnerRetired', v: 1, data: {} });
  }
}

const NONE: RunnerState = {
  runnerId: '',
  host: '',
  bootId: null,
  dataDirectory: '',
  epoch: 0,
  leaseMs: 0,
  heardAt: 0,
  retiredAt: null,
};

export const runnerActor = defineActor<RunnerState, RunnerFact, RunnerCommand>({
  kind: 'runner',
  chart: runnerChart,
  facts: runnerFacts,
  outOfOrder: 'runner.out_of_order',
  initial: () => NONE,
  evolve: evolveRunner,
  scope: ({ runnerId }) => ({ runnerId }),
  decide,
});
