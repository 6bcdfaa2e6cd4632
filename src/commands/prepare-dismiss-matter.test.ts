import { expect, it } from 'vitest';
import type { ActorHost } from '../actors/actor-host.ts';
import { prepareDismissMatter } from './prepare-dismiss-matter.ts';

const matterId = 'run_failed:evt_1';
const prepare = (waiting: string[], dismissed: string[] = []) =>
  prepareDismissMatter({
    host: { read: async () => ({ value: 'open', revision: 0, context: { dismissed } }) } as unknown as ActorHost,
    waits: async (id) => waiting.includes(id),
  })({ matterId });

it('lets pass what waits, and what was put aside before', async () => {
  expect(await prepare([matterId])).toEqual({ matterId });
  expect(await prepare([], [matterId])).toEqual({ matterId });
});

it('refuses what is not in the inbox', async () => {
  expect(await prepare(['run_failed:evt_2'])).toMatchObject({ code: 'inbox.no_such_matter' });
});
