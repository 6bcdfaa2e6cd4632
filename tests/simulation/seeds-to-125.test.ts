import { holdsFor } from './seeds.ts';

holdsFor(1, 125);
