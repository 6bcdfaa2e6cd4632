import { holdsFor } from './seeds.ts';

holdsFor(126, 250);
