import { describe, expect, it } from 'vitest';
import { as, openHttpWorld } from '../../../tests/support/http-world.ts';

describe('typing into a terminal', () => {
  it('passes on what an operator types, and nothing of an agent, a stranger or a bad request', async () => {
    const typed: { agentId: string; data: string }[] = [];
    const world = await openHttpWorld({ terminals: { writeTerminal: async (request) => void typed.push(request) } });
    try {
      const path = `/api/agents/${world.agentId}/keystrokes`;
      expect(await world.post(path, { data: 'y\r' })).toMatchObject({ status: 200, json: { ok: true } });
      expect((await world.post(path, { data: 'y' }, as(world.agentToken))).status).toBe(403);
      expect((await world.post(path, { data: 'y' }, {})).status).toBe(401);
      for (const body of [{}, { data: '' }, { data: 1 }, { data: 'x'.repeat(10_001) }, { data: 'x', more: 1 }])
        expect((await world.post(path, body)).status).toBe(400);
      expect((await world.post('/api/agents/..%2f..%2fx/keystrokes', { data: 'y' })).status).toBe(400);
      expect(typed).toEqual([{ agentId: world.agentId, data: 'y\r' }]);
    } finally {
      await world.close();
    }
  });
});
