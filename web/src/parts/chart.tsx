import { lazy, Suspense } from 'react';
import type { ChartProps } from './chart-plot.tsx';

const Plot = lazy(() => import('./chart-plot.tsx'));

/**
 * Values over time as lines; null is a gap, because nothing was measured. `label` says what is drawn to who cannot see it.
 * The library is loaded when the first chart is shown.
 */
export function Chart(props: ChartProps) {
  return (
    <figure className="chart" aria-label={props.label} style={{ minHeight: props.height ?? 160 }}>
      <Suspense fallback={<div className="loading" />}>
        <Plot {...props} />
      </Suspense>
    </figure>
  );
}

export type { ChartProps };
