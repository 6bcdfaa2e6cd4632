import { movingContract } from './moving.contract.ts';

movingContract('kurrent', 'troubles');
