import { movingContract } from './moving.contract.ts';

movingContract('eventstore', 'repair');
