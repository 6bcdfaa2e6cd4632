import { openOnRealServer, openOnServer, SCHEMES } from '../support/esdb-contract.ts';
import { eventStoreContract } from './event-store.contract.ts';
import { hidingContract } from './hiding.contract.ts';

// A file for each client: one process never loads both.
eventStoreContract('eventstoredb by kurrent', () => openOnServer('kurrent'));
hidingContract('eventstoredb by kurrent', { open: (time) => openOnServer('kurrent', time), histories: 8 });

const url = process.env.HEPH_TEST_ESDB_URL;
if (url?.startsWith(SCHEMES.kurrent)) {
  eventStoreContract('a real EventStoreDB by kurrent', () => openOnRealServer(url));
  hidingContract('a real EventStoreDB by kurrent', { open: () => openOnRealServer(url), histories: 8, ownTime: true });
}
