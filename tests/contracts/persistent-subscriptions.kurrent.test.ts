import { openGroupsOnServer, openOnRealServer, SCHEMES } from '../support/esdb-contract.ts';
import { persistentSubscriptionsContract } from './persistent-subscriptions.contract.ts';

// A file for each client: one process never loads both.
persistentSubscriptionsContract('eventstoredb by kurrent', () => openGroupsOnServer('kurrent'));

const url = process.env.HEPH_TEST_ESDB_URL;
if (url?.startsWith(SCHEMES.kurrent))
  persistentSubscriptionsContract('a real EventStoreDB by kurrent', async () => ({
    store: await openOnRealServer(url),
    pass() {},
  }));
