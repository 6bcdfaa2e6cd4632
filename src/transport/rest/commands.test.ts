import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as, type HttpWorld, openHttpWorld } from '../../../tests/support/http-world.ts';

let world: HttpWorld;
beforeAll(async () => {
  world = await openHttpWorld();
});
afterAll(() => world.close());

const create = (extra: object = {}) => ({
  workflowId: world.workflowId,
  phase: 'fix',
  title: 'Mend the parser',
  ...extra,
});

describe('POST /api/commands/:name', () => {
  it('answers when the effect is in the log, and says where', async () => {
    const { status, json } = await world.post('/api/commands/create_task', create());
    expect(status).toBe(200);
    expect(json).toMatchObject({ ok: true, command: 'create_task', state: 'pending', revision: 0, repeated: false });
    expect(json).toMatchObject({ events: ['TaskCreated'], stream: `task-${json.id}` });
    const last = (await world.events()).at(-1);
    expect({ stream: last?.stream, position: String(last?.position) }).toEqual({
      stream: json.stream,
      position: json.position,
    });
    expect(last?.meta.actor).toBe('operator');
  });

  it('does a command once per idempotency key, and answers as the first time', async () => {
    const key = { ...as(world.operatorToken), 'idempotency-key': 'run-42/create' };
    const first = await world.post('/api/commands/create_task', create(), key);
    const before = await world.store.head();
    const second = await world.post('/api/commands/create_task', create(), key);
    expect(second.json).toEqual({ ...first.json, repeated: true });
    expect(await world.store.head()).toBe(before);
  });

  it('keeps the keys of two principals apart', async () => {
    const key = { 'idempotency-key': 'same' };
    const mine = await world.post('/api/commands/create_task', create(), { ...as(world.operatorToken), ...key });
    const theirs = await world.post('/api/commands/create_task', create(), { ...as(world.agentToken), ...key });
    expect([mine.status, theirs.status]).toEqual([200, 200]);
    expect(mine.json.id).not.toBe(theirs.json.id);
  });

  it.each([
    ['', 'empty'],
    ['a b', 'with a space'],
    ['é', 'not ASCII'],
    ['k'.repeat(101), 'too long'],
  ])('refuses the key %j (%s)', async (key) => {
    const reply = await world.post('/api/commands/create_task', create(), {
      ...as(world.operatorToken),
      'idempotency-key': Buffer.from(key).toString('latin1'),
    });
    expect(reply.status).toBe(400);
    expect(reply.json.error?.code).toBe('input.invalid');
  });

  it('gives a refusal of the domain its own status, code and next step', async () => {
    const { status, json } = await world.post('/api/commands/create_task', create({ phase: 'dream' }));
    expect(status).toBe(409);
    expect(json).toEqual({
      ok: false,
      error: {
        kind: 'rejected',
        code: 'workflow.no_such_phase',
        message: expect.stringContaining('dream'),
        next: expect.any(String),
      },
    });
  });

  it('names each field that is wrong', async () => {
    const { status, json } = await world.post('/api/commands/create_task', create({ title: '', colour: 'red' }));
    expect(status).toBe(400);
    expect(json.error?.message).toMatch(/title.*colour/s);
  });

  it('has no address for what only the system sends', async () => {
    const internal = await world.post('/api/commands/record_denial', {});
    const invented = await world.post('/api/commands/drop_everything', {});
    expect([internal.status, invented.status]).toEqual([404, 404]);
    expect(internal.json.error?.code).toBe('command.unknown');
  });
});

describe('a command that ends in something thrown', () => {
  it('is a defect without a word of what broke, and the log has it', async () => {
    const broken = await openHttpWorld({
      bus: (bus) => ({
        execute: async (envelope) => {
          if (envelope.name === 'pause_fleet') throw new TypeError('secret internals');
          return bus.execute(envelope);
        },
      }),
    });
    const { status, text, json } = await broken.post('/api/commands/pause_fleet', {});
    expect(status).toBe(500);
    expect(json.error?.code).toBe('defect.broken_belief');
    expect(text).not.toMatch(/secret|TypeError|\.ts|stack/);
    expect(broken.errors.join()).toContain('secret internals');
    await broken.close();
  });

  it('is 503 when storage failed', async () => {
    const broken = await openHttpWorld();
    await broken.store.close();
    const { status, json } = await broken.post('/api/commands/pause_fleet', {});
    expect([status, json.error?.kind]).toEqual([503, 'fault']);
    await broken.close();
  });
});
