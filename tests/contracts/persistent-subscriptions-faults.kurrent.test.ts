import { persistentSubscriptionsFaults } from './persistent-subscriptions-faults.contract.ts';

persistentSubscriptionsFaults('kurrent');
