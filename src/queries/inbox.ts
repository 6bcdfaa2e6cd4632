import { z } from 'zod';
import { PEOPLE, query } from './define-queries.ts';
import { fresh } from './fresh.ts';

export const getInbox = query({
  v: 1,
  summary: 'What needs a person, with the commands that settle it: what blocks something first.',
  schema: z.strictObject({}),
  roles: PEOPLE,
  cli: 'inbox',
  example: 'heph inbox',
  run: async (_input, context) => ({ ...(await fresh('inbox', {}, context)) }),
});
