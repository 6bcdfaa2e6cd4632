import 'uplot/dist/uPlot.min.css';
import { useSelector } from '@xstate/store-react';
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import type { Tone } from '../../../src/transport/words/index.ts';
import { theme } from '../app/theme.ts';
import { useMedia } from './use-media.ts';

export interface ChartProps {
  label: string;
  /** Milliseconds since the Unix epoch, rising. */
  times: readonly number[];
  series: readonly {
    name: string;
    /** As many as `times`; null where nothing was measured. */
    values: readonly (number | null)[];
    tone?: Tone;
  }[];
  /** In pixels. */
  height?: number;
  /** Of the values, where it is known: `[0, 1]` for scores. */
  range?: readonly [number, number];
  /** How a value is said. */
  say?(value: number): string;
}

const HEIGHT_PX = 160;

export default function ChartPlot({ times, series, height = HEIGHT_PX, range, say = String }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  // The colours are the page's, which a canvas does not follow by itself.
  const chosen = useSelector(theme, (now) => now);
  const light = useMedia('(prefers-color-scheme: light)');
  useEffect(() => {
    const target = box.current;
    if (!target) return;
    const css = getComputedStyle(target);
    const colour = (name: string) => resolved(target, css.getPropertyValue(name));
    const grid = { stroke: colour('--line'), width: 1 };
    const axis = { stroke: colour('--text-dim'), grid, ticks: grid, font: `11px ${css.fontFamily}` };
    const plot = new UPlot(
      {
        width: Math.max(1, target.clientWidth),
        height,
        legend: { show: series.length > 1, live: true },
        cursor: { drag: { x: false, y: false } },
        scales: { y: range ? { range: [range[0], range[1]] } : {} },
        axes: [axis, { ...axis, size: 56, values: (_plot, ticks) => ticks.map(say) }],
        series: [
          {},
          ...series.map(({ name, tone }) => ({
            label: name,
            stroke: colour(tone ? `--${tone}` : '--text'),
            width: 1.5,
            spanGaps: false,
            value: (_plot: UPlot, value: number | null) => (value === null ? '–' : say(value)),
          })),
        ],
      },
      [times.map((ms) => ms / 1000), ...series.map(({ values }) => [...values])],
      target,
    );
    const observer = new ResizeObserver(() => plot.setSize({ width: Math.max(1, target.clientWidth), height }));
    observer.observe(target);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [times, series, height, range, say, chosen, light]);
  return <div ref={box} />;
}

/** `light-dark(…)` is known to stylesheets only: an element is asked what it came to. */
function resolved(parent: HTMLElement, value: string): string {
  const probe = document.createElement('span');
  probe.style.color = value;
  parent.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
