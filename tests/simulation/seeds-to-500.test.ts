import { holdsFor } from './seeds.ts';

holdsFor(376, 500);
