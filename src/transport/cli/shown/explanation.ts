import { plainLine } from '../../../kernel/plain-text.ts';
import { wordOf } from '../../words/index.ts';

interface Told {
  eventId: string;
  position: string;
  type: string;
  at: number;
  text: string;
  actor: string;
  to: string | null;
}

export interface Explanation {
  of: Told;
  chain: (Told & { command: string | null; link: 'root' | 'recorded' | 'inferred'; because: string })[];
  cut: string | null;
  followed: Told[];
  followedMore: boolean;
}

const TEXT_MAX = 300;
/** What a link is drawn with: a cause that somebody named, one that was not, and the first. */
const MARKS = { root: '● ', recorded: '└─', inferred: '└┄' } as const;

/** From the first cause down to what was asked about, then what came of it. */
export function explanationLines({ of, chain, cut, followed, followedMore }: Explanation): string[] {
  const inferred = chain.some(({ link }) => link === 'inferred');
  return [
    `${of.type} at ${of.position}${of.to === null ? '' : `: ${wordOf(of.to)}`}`,
    '',
    ...(cut === null ? [] : [`… ${plainLine(cut, TEXT_MAX)}`]),
    ...chain.map((one, n) => `${MARKS[n === 0 && cut === null ? 'root' : one.link]} ${toldLine(one)}`),
    '',
    ...(followed.length === 0 ? ['Nothing has followed from it.'] : ['What followed from it:']),
    ...followed.map((one) => `   ${toldLine(one)}`),
    ...(followedMore ? ['   and perhaps more, further on.'] : []),
    ...(inferred ? ['', '└┄ nobody recorded this cause; it is the nearest that can have been.'] : []),
  ];
}

function toldLine({ at, actor, text, position }: Told): string {
  const time = new Date(at).toISOString().slice(11, 19);
  return `${time} ${plainLine(actor, 60)}: ${plainLine(text, TEXT_MAX)} (${position})`;
}
