import type { WireEvent } from '../run/story.ts';
import { count, duration, scoreText } from '../../words/index.ts';

/** What an event of a best-of-N means to somebody who watches, or null. */
export function contestLine({ type, data }: WireEvent): string | null {
  const variant = `Variant ${String(data.index)}`;
  switch (type) {
    case 'VariantPlanned':
      return `${variant}: ${String(data.words)}`;
    case 'BuildEnded':
      return `${variant} ${endText(data)}`;
    case 'ScoringStarted':
      return `${String(data.words)} What they left is scored`;
    case 'CandidateScored':
      return `${variant} scores ${scoreText(data.total as number)}: ${partsText(data.scores)}`;
    case 'WinnerSelected':
      return String(data.words);
    case 'BestOfNFailed':
      return `No winner (${String(data.code)}): ${String(data.reason)}`;
    case 'BestOfNCancelled':
      return `The candidates are cancelled by ${String(data.by)}${data.reason ? `: ${String(data.reason)}` : ''}`;
    case 'VerdictReached':
      return `Scored again, verdict ${String(data.verdict)}: ${String(data.words)}`;
    case 'RescoringAbandoned':
      return `Scored again, verdict ${String(data.verdict)} was given up: ${String(data.reason)}`;
    default:
      return null;
  }
}

function endText({ outcome, reason, changedLines, buildMs }: WireEvent['data']): string {
  if (outcome !== 'passed')
    return `${outcome === 'withdrawn' ? 'is' : ''} ${String(outcome)}: ${String(reason)}`.trim();
  return `passed, ${count(changedLines as number, 'line')} changed in ${duration(buildMs as number)}`;
}

function partsText(scores: unknown): string {
  return (scores as { scorer: string; value: number }[])
    .map(({ scorer, value }) => `${scorer} ${scoreText(value)}`)
    .join(', ');
}
