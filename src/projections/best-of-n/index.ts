import { z } from 'zod';
import type { LogView, Rendered } from '../define-projection.ts';
import { renderBestOfN } from './render.ts';
import { readBestOfN } from './state.ts';

/** The candidates of one best-of-N side by side, with every verdict on them: a query over its stream, which has few events. */
export const bestOfNView: LogView = {
  name: 'best-of-n',
  v: 1,
  params: z.strictObject({ bestOfNId: z.string().min(1).max(60) }),
  query: async (store, params, moment) => {
    const one = await readBestOfN(store, params.bestOfNId as string, moment);
    return one ? renderBestOfN(one, moment.asOf) : UNKNOWN;
  },
};

const UNKNOWN: Rendered = { rows: {}, summary: { bestOfNId: null, status: 'unknown', counts: {} } };
