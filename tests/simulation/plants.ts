import type { Hands, Obligation, Process } from '../../src/processes/define-process.ts';
import type { FoldedView, ViewDefinition } from '../../src/projections/define-projection.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import type { EventStore } from '../../src/store/event-store.ts';
import type { Task } from '../../src/machines/task/index.ts';
import type { Entity } from '../../src/processes/entity.ts';
import type { World } from '../../src/processes/world.ts';
import { BUGS } from './options.ts';
import { idOf } from './repository.ts';

/**
 * Mistakes that one could make, put around the product's parts or into the simulated ones. The simulator has to find each
 * of them; the product has no switch for any.
 */
export const PLANTS = [
  'acknowledge_before_sync',
  'forgotten_obligation',
  'double_spawn',
  'slot_leak',
  'stale_epoch_writes',
  'resume_off_by_one',
  'replay_reads_clock',
  'lost_cancellation',
  'unchecked_merge',
  'deadline_fires_twice',
  'loser_merged',
  'unwarned_stop',
  'typed_twice',
] as const;
export type Plant = (typeof PLANTS)[number];
export type Plants = ReadonlySet<Plant>;

/** `startedAt`: the log's head when this server began. */
export function plantedStory(story: Process, plants: Plants, startedAt: () => number): Process {
  let planted = story;
  if (plants.has('forgotten_obligation') && story.name === 'agent-sessions') planted = forgetful(planted, startedAt);
  if (plants.has('slot_leak') && story.name === 'dispatching') planted = without(planted, isReleaseOfLost);
  if (plants.has('loser_merged') && story.name === 'best-of-n') planted = around(planted, takeAnother);
  if (plants.has('lost_cancellation') && story.name === 'agent-sessions') planted = without(planted, isCancellation);
  if (plants.has('unchecked_merge') && story.name === 'merging') planted = around(planted, unchecked);
  if (plants.has('deadline_fires_twice') && story.name === 'deadlines') planted = around(planted, twice);
  if (plants.has('unwarned_stop') && story.name === 'guardian') planted = around(planted, impatient);
  return planted;
}

type Drops = (obligation: Obligation, entity: Entity, world: World) => boolean;

function without(story: Process, drops: Drops): Process {
  return {
    ...story,
    obligations: (entity, world, now) =>
      story.obligations(entity, world, now).filter((obligation) => !drops(obligation, entity, world)),
  };
}

function around(story: Process, change: (obligation: Obligation, entity: Entity) => Obligation): Process {
  return {
    ...story,
    obligations: (entity, world, now) =>
      story.obligations(entity, world, now).map((obligation) => change(obligation, entity)),
  };
}

/** What was open when the server started is taken for somebody else's. */
function forgetful(story: Process, startedAt: () => number): Process {
  const old = new Set<string>();
  return {
    ...story,
    obligations(entity, world, now) {
      const open = story.obligations(entity, world, now);
      if (Number(world.position) <= startedAt())
        for (const { key } of open) if (/^(start|stop):/.test(key)) old.add(key);
      return open.filter(({ key }) => !old.has(key));
    },
  };
}

const isReleaseOfLost: Drops = ({ key }, _entity, world) =>
  key.startsWith('release:') && world.agents.get(key.slice('release:'.length))?.context.end?.how !== 'exited';

const isCancellation: Drops = ({ key }, entity, world) => {
  if (!key.startsWith('unwanted:') || entity.kind !== 'agent') return false;
  const { taskId } = (entity as Entity<{ taskId: string }>).context;
  return world.tasks.get(taskId)?.value === 'cancelled';
};

const ALL_GREEN = [...BUGS, 'fine'].map((name) => ({
  ...{ id: idOf(name), file: `test/${name}.test.js`, name },
  status: 'passed' as const,
}));

/** The merged tree is taken to be as good as the candidate. */
function unchecked(obligation: Obligation): Obligation {
  const runCheck: Hands['runner']['runCheck'] = async ({ checkKey, command, commit }) => ({
    ...{
      checkKey,
      command,
      commit,
      status: 'passed',
      exitCode: 0,
      signal: null,
      durationMs: 1,
      tests: ALL_GREEN,
      tail: '',
    },
  });
  return {
    ...obligation,
    act: (hands) => obligation.act({ ...hands, runner: { ...hands.runner, runCheck } }),
  };
}

/** The work of any candidate that is done is as good as the winner's. */
function takeAnother(obligation: Obligation): Obligation {
  if (!obligation.key.startsWith('submit:')) return obligation;
  return {
    ...obligation,
    act: (hands) =>
      obligation.act({
        ...hands,
        send(name, input, which) {
          const won = (input.tree as { commit: string } | undefined)?.commit;
          const loser = hands.world
            .tasksOf(hands.world.tasks.get(String(input.taskId))?.context.spec.workflowId ?? '')
            .find(({ value, context: { spec, tree } }) => spec.candidate && value === 'done' && tree?.commit !== won);
          return hands.send(name, { ...input, ...(loser && { tree: loser.context.tree }) }, which);
        },
      }),
  };
}

/** Who is looked at and says nothing is stopped there and then. */
function impatient(obligation: Obligation, entity: Entity): Obligation {
  if (!obligation.key.startsWith('look:')) return obligation;
  return {
    ...obligation,
    async act(hands) {
      await obligation.act(hands);
      if (hands.world.agents.get(entity.id)?.value === 'live.no_signal')
        await hands.send('stop_agent', { agentId: entity.id, reason: 'It says nothing.' });
    },
  };
}

/** The timer is not cleared: it fires again, for whoever has the task by then. */
function twice(obligation: Obligation, entity: Entity): Obligation {
  return {
    ...obligation,
    async act(hands) {
      await obligation.act(hands);
      for (const ms of AGAIN_MS) hands.clock.after(ms, () => fireAgain(ms, obligation, entity, hands));
    },
  };
}

const AGAIN_MS = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000];

function fireAgain(ms: number, { key }: Obligation, entity: Entity, { world, send }: Hands): void {
  const task = world.tasks.get(entity.id) as Entity<Task> | undefined;
  const { agentId = null, attempt = 0 } = task?.context ?? {};
  const code = key.startsWith('lease') ? 'lease_expired' : 'start_overdue';
  const input = { taskId: entity.id, agentId, attempt, code, reason: 'overdue', counts: true };
  void send('fail_attempt', input, `again ${ms}`).catch(() => {});
}

/** What a reader of the log goes on from is taken for the last it has not seen. */
export function plantedReads(store: EventStore, plants: Plants): EventStore {
  if (!plants.has('resume_off_by_one')) return store;
  return {
    ...store,
    async *subscribe(options = {}) {
      const head = await store.head();
      const { after = 0n } = options;
      yield* store.subscribe({ ...options, after: after > 0n && after < head ? after + 1n : after });
    },
  };
}

export function plantedViews(
  views: readonly ViewDefinition[],
  plants: Plants,
  clock: Clock,
): readonly ViewDefinition[] {
  if (!plants.has('replay_reads_clock')) return views;
  return views.map((view) => (view.name === 'fleet' && 'overall' in view ? withClock(view, clock) : view));
}

function withClock(view: FoldedView, clock: Clock): FoldedView {
  const { overall } = view;
  return {
    ...view,
    overall: { ...overall, fold: (state, event) => overall.fold(state, { ...event, at: clock.now() }) },
  };
}
