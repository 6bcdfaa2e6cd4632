import { holdsFor } from './seeds.ts';

holdsFor(251, 375);
