import { useMemo, useState } from 'react';
import { dollars, tokens } from '../../../../src/transport/words/index.ts';
import { Chart } from '../../parts/chart.tsx';
import { Choice } from '../../parts/choice.tsx';
import { AMOUNTS, type Series, type Shown, summedUp } from './summed-up.ts';

/** All that was reported up to each moment. */
export function OverTime({ series }: { series: Series }) {
  const [shown, setShown] = useState<Shown>(() =>
    series.buckets.some(({ costUsd }) => costUsd > 0) ? 'cost' : 'tokens',
  );
  const drawn = useMemo(() => summedUp(series, shown), [series, shown]);
  const what = shown === 'cost' ? 'Money' : 'Tokens';
  return (
    <section className="costs-chart" aria-label={`${what} over time`}>
      <Choice<Shown> label="Drawn" options={AMOUNTS} value={shown} onChange={setShown} />
      <Chart
        label={`${what}, all that was reported up to each moment`}
        height={140}
        {...drawn}
        say={shown === 'cost' ? dollars : tokens}
      />
    </section>
  );
}
