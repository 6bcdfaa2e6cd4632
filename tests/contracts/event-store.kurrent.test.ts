import { openOnRealServer, openOnServer, SCHEMES } from '../support/esdb-contract.ts';
import { eventStoreContract } from './event-store.contract.ts';

// A file for each client: one process never loads both.
eventStoreContract('eventstoredb by kurrent', () => openOnServer('kurrent'));

const url = process.env.HEPH_TEST_ESDB_URL;
if (url?.startsWith(SCHEMES.kurrent)) eventStoreContract('a real EventStoreDB by kurrent', () => openOnRealServer(url));
