import { expect, it } from 'vitest';
import { as, LOG_ID, openHttpWorld } from '../../../tests/support/http-world.ts';
import { eventsOf, openSocket, type StreamSocket } from '../../../tests/support/stream-socket.ts';
import type { NewEvent } from '../../store/event-store.ts';
import { CLOSE, LIMITS } from './protocol.ts';

const EVENT_BYTES = 200_000;
const PAUSED = 4;

function large(n: number): NewEvent {
  const id = `evt_${String(n).padStart(26, '0')}`;
  const data = { text: String.fromCharCode(97 + (n % 26)).repeat(EVENT_BYTES) };
  return { id, type: 'Noted', v: 1, at: 1, data, meta: { actor: 'operator', correlationId: id } };
}

it('a client that does not read is closed with the position to resume from, and costs the others nothing', async () => {
  const world = await openHttpWorld();
  const dial = () => openSocket({ url: world.url, headers: as(world.operatorToken) });
  const fast = await dial();
  const slow = await Promise.all(Array.from({ length: PAUSED }, dial));
  for (const socket of [fast, ...slow]) {
    socket.send({ type: 'subscribe_events', id: 'x' });
    await socket.next('caught_up');
  }
  for (const { ws } of slow) ws.pause();
  const total = 250;
  for (let n = 0; n < total; n++) {
    await world.store.append('note-x', 'any', [large(n)]);
    await fast.until(() => eventsOf(fast, 'x').length === n + 1);
  }
  expect(eventsOf(fast, 'x').map(({ id }) => id)).toEqual(Array.from({ length: total }, (_, n) => large(n).id));
  for (const { ws } of slow) ws.resume();
  for (const socket of slow) {
    const { code, reason } = await socket.closed;
    expect(code).toBe(CLOSE.tooSlow);
    const seen = eventsOf(socket, 'x');
    expect(seen.length).toBeGreaterThanOrEqual(LIMITS.waitingBytes / EVENT_BYTES - 1);
    expect(seen.length).toBeLessThan(total);
    const { position } = JSON.parse(reason) as { position: string };
    expect(JSON.parse(reason)).toEqual({ code: 'stream.too_slow', position: seen.at(-1)?.position });
    const again: StreamSocket = await dial();
    again.send({ type: 'subscribe_events', id: 'x', after: position, logId: LOG_ID });
    await again.next('caught_up');
    const all = [...seen, ...eventsOf(again, 'x')].map(({ id }) => id);
    expect(all).toEqual(Array.from({ length: total }, (_, n) => large(n).id));
    await again.close();
  }
  await world.close();
});
