import type { Tone } from '../../../src/transport/words/index.ts';

/**
 * How much of something: `value` of `max`. Null is unknown and drawn as a gap, not as zero. `tone`: where the amount means a
 * state; `text` says it, since a length alone does not.
 */
export function Meter({
  value,
  max = 1,
  text,
  label,
  tone,
}: {
  value: number | null;
  max?: number;
  text: string;
  label: string;
  tone?: Tone;
}) {
  const share = value === null || max <= 0 ? null : Math.max(0, Math.min(1, value / max));
  return (
    <span className={`meter ${tone ? `tone-${tone}` : ''}`}>
      <span
        className={`meter-track ${share === null ? 'gap' : ''}`}
        // A meter without a value is none: what is not known is a picture of a gap.
        {...(share === null
          ? { role: 'img', 'aria-label': `${label}: not known` }
          : {
              role: 'meter',
              'aria-label': label,
              'aria-valuemin': 0,
              'aria-valuemax': max,
              'aria-valuenow': value ?? 0,
              'aria-valuetext': text,
            })}
      >
        {share !== null && <span className="meter-fill" style={{ width: `${share * 100}%` }} />}
      </span>
      <span className="meter-text">{text}</span>
    </span>
  );
}
