import { eventStoreDbFaults } from './eventstoredb-faults.contract.ts';

eventStoreDbFaults('kurrent');
