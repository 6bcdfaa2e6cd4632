import type { ReactNode } from 'react';
import { dollars, duration, known, scoreText, tokens } from '../../../../src/transport/words/index.ts';
import { Link } from '../../app/link.tsx';
import { pathTo } from '../../app/router.ts';
import { Age } from '../../parts/age.tsx';
import { IdChip } from '../../parts/id-chip.tsx';
import { Meter } from '../../parts/meter.tsx';
import { StatusPill } from '../../parts/status-pill.tsx';
import { type Candidate, type Contest, type Judged, judgedBy, scorersOf } from './types.ts';

/** A row of the queue, for a candidate that is still built. */
export interface Waiting {
  running: boolean;
  reasons: { text: string }[];
}

/** A row of the view `cost`, by task. */
export interface Used {
  inputTokens: number | null;
  outputTokens: number | null;
  costUsd: number | null;
}

export interface CandidatesProps {
  candidates: readonly Candidate[];
  contest: Contest;
  /** Which verdict the scores are of. */
  verdict: number;
  asOf: number | null;
  /** By task. */
  costs: Readonly<Record<string, Used>>;
  queue: Readonly<Record<string, Waiting>>;
  /** One below the other, where there is no room beside each other. */
  stacked: boolean;
}

interface Line {
  key: string;
  title: ReactNode;
  render(candidate: Candidate, judged: Judged): ReactNode;
}

/** A column for each candidate and a line for each thing that tells them apart; stacked, a card for each. */
export function Candidates(props: CandidatesProps) {
  const { candidates, contest, verdict, stacked } = props;
  const judged = new Map(candidates.map((one) => [one.buildId, judgedBy(one, verdict, contest.rescorings)]));
  const of = (candidate: Candidate) => judged.get(candidate.buildId) as Judged;
  const lines = linesOf(props, scorersOf([...judged.values()]));
  if (stacked)
    return (
      <div className="candidates stacked">
        {candidates.map((candidate) => (
          <section key={candidate.buildId} className={`candidate ${of(candidate).won ? 'won' : ''}`}>
            <h3>
              <Name candidate={candidate} judged={of(candidate)} />
            </h3>
            <dl>
              {lines.map(({ key, title, render }) => (
                <div key={key}>
                  <dt>{title}</dt>
                  <dd>{render(candidate, of(candidate))}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    );
  return (
    <div className="candidates" tabIndex={0} role="region" aria-label="Candidates side by side">
      <table>
        <thead>
          <tr>
            <td />
            {candidates.map((candidate) => (
              <th key={candidate.buildId} scope="col" className={of(candidate).won ? 'won' : ''}>
                <Name candidate={candidate} judged={of(candidate)} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map(({ key, title, render }) => (
            <tr key={key}>
              <th scope="row">{title}</th>
              {candidates.map((candidate) => (
                <td key={candidate.buildId} className={of(candidate).won ? 'won' : ''}>
                  {render(candidate, of(candidate))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Name({ candidate, judged }: { candidate: Candidate; judged: Judged }) {
  return (
    <span className="row">
      Variant {candidate.index}
      {judged.won && (
        <span className="pill tone-good">
          <span className="shape" aria-hidden="true">
            ✓
          </span>
          won
        </span>
      )}
      {!judged.won && judged.rank !== null && <span className="dim">place {judged.rank}</span>}
    </span>
  );
}

function linesOf(props: CandidatesProps, scorers: readonly { scorer: string; weight: number }[]): Line[] {
  const { asOf, costs, queue } = props;
  return [
    {
      key: 'status',
      title: 'Verdict',
      render: (one) => <Status candidate={one} asOf={asOf} waiting={queue[one.taskId ?? '']} />,
    },
    { key: 'words', title: 'What is different', render: ({ words }) => words },
    { key: 'agent', title: 'Agent', render: ({ agent, model }) => (model === null ? agent : `${agent}, ${model}`) },
    {
      key: 'total',
      title: 'Score',
      render: (_one, { total }) => (
        <Meter value={total} text={known(total, scoreText)} label={`The whole score: ${known(total, scoreText)}`} />
      ),
    },
    ...scorers.map(
      ({ scorer, weight }): Line => ({
        key: `score ${scorer}`,
        title: (
          <>
            <span className="score-name">{scorer}</span>{' '}
            <span className="dim" title={weight === 0 ? 'It does not count.' : `It counts ${weight}.`}>
              ×{weight}
            </span>
          </>
        ),
        render: (_one, { scores }) => <ScorePart score={scores.find((score) => score.scorer === scorer)} />,
      }),
    ),
    { key: 'checks', title: 'Checks', render: ({ check }) => <Checks check={check} /> },
    {
      key: 'changed',
      title: 'Changed lines',
      render: ({ changedLines, taskId }) => (
        <>
          {known(changedLines, String)}{' '}
          {taskId !== null && <Link href={pathTo('task', [taskId], { tab: 'diff' })}>diff</Link>}
        </>
      ),
    },
    {
      key: 'tokens',
      title: 'Tokens',
      render: ({ taskId }) => {
        const { inputTokens = null, outputTokens = null } = costs[taskId ?? ''] ?? {};
        return inputTokens === null ? '–' : `${tokens(inputTokens)} in, ${known(outputTokens, tokens)} out`;
      },
    },
    {
      key: 'cost',
      title: 'Cost',
      // The ledger knows what was told of tokens and not of money.
      render: ({ taskId, costUsd }) => known((costs[taskId ?? ''] ?? { costUsd }).costUsd, dollars),
    },
    { key: 'built', title: 'Built in', render: ({ times }) => known(times.buildMs, duration) },
    { key: 'tested', title: 'Tested in', render: ({ times }) => known(times.testMs, duration) },
    {
      key: 'task',
      title: 'Task',
      render: ({ taskId }) => (taskId === null ? '–' : <Link href={pathTo('task', [taskId])}>open</Link>),
    },
    { key: 'commit', title: 'Kept as', render: ({ commit }) => (commit === null ? '–' : <IdChip id={commit} />) },
  ];
}

function Status({
  candidate,
  asOf,
  waiting,
}: {
  candidate: Candidate;
  asOf: number | null;
  waiting: Waiting | undefined;
}) {
  const { status, statusText, evidence, reason } = candidate;
  return (
    <>
      <StatusPill subject="candidate" state={status} evidence={evidence} note={statusText} />{' '}
      {evidence && (
        <span className="dim">
          <Age at={evidence.at} asOf={asOf} />
        </span>
      )}
      {reason && <p className="candidate-why">{reason}</p>}
      {waiting &&
        !waiting.running &&
        waiting.reasons.map(({ text }) => (
          <p key={text} className="candidate-why">
            {text}
          </p>
        ))}
    </>
  );
}

function ScorePart({ score }: { score: Candidate['later'][number]['scores'][number] | undefined }) {
  if (!score) return '–';
  const text = scoreText(score.value);
  return (
    <>
      <Meter value={score.value} text={text} label={`${score.scorer}: ${text}`} />
      <p className="candidate-why">{score.words}</p>
    </>
  );
}

function Checks({ check }: { check: Candidate['check'] }) {
  if (check === null) return '–';
  const { status, passed, failed, command } = check;
  return (
    <>
      <StatusPill subject="check" state={status} note={command} />{' '}
      {passed !== null && (
        <span className="dim">
          {passed} passed{failed ? `, ${failed} failed` : ''}
        </span>
      )}
    </>
  );
}
