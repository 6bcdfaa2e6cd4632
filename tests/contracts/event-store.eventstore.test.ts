import { openOnRealServer, openOnServer, SCHEMES } from '../support/esdb-contract.ts';
import { eventStoreContract } from './event-store.contract.ts';
import { hidingContract } from './hiding.contract.ts';

// A file for each client: one process never loads both.
eventStoreContract('eventstoredb by eventstore', () => openOnServer('eventstore'));
hidingContract('eventstoredb by eventstore', { open: (time) => openOnServer('eventstore', time), histories: 8 });

const url = process.env.HEPH_TEST_ESDB_URL;
if (url?.startsWith(SCHEMES.eventstore)) {
  eventStoreContract('a real EventStoreDB by eventstore', () => openOnRealServer(url));
  hidingContract('a real EventStoreDB by eventstore', {
    open: () => openOnRealServer(url),
    histories: 8,
    ownTime: true,
  });
}
