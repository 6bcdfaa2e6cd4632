import { systemClock } from '../../src/kernel/adapters/system.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import { type EventStoreDb, openEventStoreDb } from '../../src/store/adapters/eventstoredb.ts';
import { manualClock } from '../../src/processes/test-support.ts';
import { createEsdbLog } from './esdb-server/log.ts';
import { startEsdbServer } from './esdb-server/server.ts';
import type { Client } from './esdb-server/stubs.ts';

export const SCHEMES: Record<Client, string> = { eventstore: 'esdb', kurrent: 'kurrentdb' };

export function urlOf(client: Client, port: number): string {
  // The newer client waits so long before it first reads, its default being half a second.
  return `${SCHEMES[client]}://127.0.0.1:${port}?tls=false&discoveryInterval=10`;
}

/** An empty log on a server of its own, which ends with the store. `time`: by which the server judges ages. */
export async function openOnServer(client: Client, time: Pick<Clock, 'now'> = systemClock): Promise<EventStoreDb> {
  const server = await startEsdbServer({ client, log: createEsdbLog(time.now) });
  const store = await openEventStoreDb({ url: urlOf(client, server.port), clock: systemClock });
  return closedWith(store, () => server.close());
}

let namespaces = 0;

/** An empty log on a server that runs already, which keeps it. */
export function openOnRealServer(url: string): Promise<EventStoreDb> {
  const namespace = `t${Date.now().toString(36)}${process.pid.toString(36)}n${namespaces++}`;
  return openEventStoreDb({ url, namespace, clock: systemClock });
}

function closedWith(store: EventStoreDb, then: () => Promise<void>): EventStoreDb {
  let closing: Promise<void> | undefined;
  return { ...store, close: () => (closing ??= store.close().then(then)) };
}

/** As `openOnServer`, for a contract over groups: the server's time-outs pass when the test says so. */
export async function openGroupsOnServer(client: Client): Promise<{ store: EventStoreDb; pass(ms: number): void }> {
  const { clock, pass } = manualClock();
  const server = await startEsdbServer({ client, clock });
  const store = await openEventStoreDb({ url: urlOf(client, server.port), clock: systemClock });
  return { store: closedWith(store, () => server.close()), pass };
}
