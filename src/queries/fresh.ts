import type { View } from '../projections/index.ts';
import type { QueryContext } from './define-queries.ts';

/** Not older than the log at this moment: who has just created a thing finds it. */
export async function fresh(
  view: string,
  params: Record<string, unknown>,
  { views, store }: QueryContext,
): Promise<View> {
  return views.view(view, params, { until: await store.head() });
}
