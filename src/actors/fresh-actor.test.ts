import { describe, expect, it } from 'vitest';
import { systemClock } from '../kernel/adapters/system.ts';
import { silentLog } from '../kernel/log.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';
import type { EventStore } from '../store/event-store.ts';
import { createActorHost } from './actor-host.ts';
import type { Dispatch } from './dispatch.ts';

const agentId = 'agt_01k00000000000000000000000';
const request: Dispatch = {
  kind: 'agent',
  actorId: agentId,
  name: 'request_agent',
  v: 1,
  input: {
    ...{ agentId, taskId: 'tsk_1', workflowId: 'wfl_1', repositoryId: 'rep_1', attempt: 1, agent: 'repair' },
    ...{ runnerId: 'local', allowedTools: [] },
  },
  commandId: 'cmd_01k00000000000000000000000',
  fresh: true,
  principal: 'operator',
};
const stop: Dispatch = {
  ...{ kind: 'agent', actorId: agentId, name: 'stop_agent', v: 1, input: { agentId, reason: '' } },
  ...{ commandId: 'cmd_01k00000000000000000000001', principal: 'operator' },
};

/** A host that has just started; `now` tells whether the repetition's events are the same to the last bit. */
const hostAt = (store: EventStore, now: number) =>
  createActorHost({ store, clock: { ...systemClock, now: () => now }, log: silentLog });

describe('a command that creates its actor', () => {
  it('does not look for a stream that cannot be there', async () => {
    const store = openMemoryStore();
    const read: string[] = [];
    const watched: EventStore = {
      ...store,
      readStream(stream, options) {
        read.push(stream);
        return store.readStream(stream, options);
      },
    };
    const host = await hostAt(watched, 1);
    expect(await host.dispatch(request)).toMatchObject({ repeated: false, revision: 0 });
    expect(read).not.toContain(`agent-${agentId}`);
  });

  it.each([
    ['at the same moment', 1],
    ['later', 2],
  ])('is answered as the first time when a new server gets it again %s, and what follows fits', async (_when, now) => {
    const store = openMemoryStore();
    const first = await hostAt(store, 1);
    const answer = await first.dispatch(request);
    await first.dispatch(stop);
    const second = await hostAt(store, now);
    expect(await second.dispatch(request)).toMatchObject({ revision: 0, types: ['AgentRequested'], repeated: true });
    expect(answer).toMatchObject({ revision: 0, repeated: false });
    expect((await second.read('agent', agentId)).revision).toBe(1);
    expect(await second.dispatch(stop)).toMatchObject({ revision: 1, repeated: true });
    expect(await store.head()).toBe(2n);
  });
});
