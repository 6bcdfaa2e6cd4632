import type { EventStore } from '../../src/store/event-store.ts';
import type { Exported } from '../../src/store/export-format.ts';
import { checkExport, fillLog } from '../../src/store/import.ts';

/** Brings an export into a log as `heph log import` does, without a data directory around it. */
export async function importLog(
  source: () => AsyncIterable<string | Uint8Array>,
  store: EventStore,
): Promise<Exported> {
  const checked = await checkExport(source());
  await fillLog(source, store);
  return checked;
}
