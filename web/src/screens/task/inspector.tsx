import type { ReactNode } from 'react';
import { count, dollars, duration, known, reasonWord, tokens } from '../../../../src/transport/words/index.ts';
import { Link } from '../../app/link.tsx';
import { pathTo, setQuery } from '../../app/router.ts';
import { Age } from '../../parts/age.tsx';
import { Button } from '../../parts/button.tsx';
import { EvidenceLink } from '../../parts/evidence-link.tsx';
import { IdChip } from '../../parts/id-chip.tsx';
import { StatusPill } from '../../parts/status-pill.tsx';
import {
  type Check,
  type MergeRow,
  ofKind,
  type RoundRow,
  type TaskRow,
  type TaskSummary,
  type TurnRow,
} from './types.ts';

/** What is known of a task, beside its terminal: what it is, why it waits, what it changed, how it was judged, how it merged. */
export function Inspector({ task, rows, asOf }: { task: TaskSummary; rows: readonly TaskRow[]; asOf: number | null }) {
  const rounds = ofKind(rows, 'round');
  const turn = ofKind(rows, 'turn').at(-1);
  const merges = ofKind(rows, 'merge');
  const children = ofKind(rows, 'child');
  return (
    <aside className="inspector" aria-label="About this task">
      <Section title="Summary">
        {task.reason && (
          <p className="tone-bad toned clamped" title={task.reason}>
            {task.reason}
          </p>
        )}
        {task.waits.map(({ code, text }) => (
          <p key={code + text}>
            <strong>{reasonWord(code)}</strong> <span className="dim">{text}</span>
          </p>
        ))}
        {task.progress && !task.result && (
          <p>
            {task.progress.message}{' '}
            <span className="dim">
              <Age at={task.progress.at} asOf={asOf} /> ago
            </span>
          </p>
        )}
        {task.result && <p>{task.result.summary}</p>}
        {task.feedback && <p className="dim">Sent back: {task.feedback}</p>}
        <Facts task={task} branch={ofKind(rows, 'attempt').at(-1)?.branch ?? null} />
        {task.description && (
          <details>
            <summary>What was asked</summary>
            <pre className="prose">{task.description}</pre>
          </details>
        )}
      </Section>
      {turn && <Changes turn={turn} />}
      {rounds.length > 0 && (
        <Section title="Checks">
          {rounds.toReversed().map((round) => (
            <Round key={round.evidence.position} round={round} asOf={asOf} />
          ))}
        </Section>
      )}
      {merges.length > 0 && (
        <Section title="Merge">
          {merges.toReversed().map((merge) => (
            <Merge key={merge.evidence.position} merge={merge} asOf={asOf} />
          ))}
        </Section>
      )}
      {task.messages.length > 0 && (
        <Section title="Messages for the next attempt">
          {task.messages.map((message) => (
            <p key={message.at}>
              {message.text}{' '}
              <span className="dim">
                <Age at={message.at} asOf={asOf} /> ago
              </span>
            </p>
          ))}
        </Section>
      )}
      {(task.parent || children.length > 0) && (
        <Section title="Tasks around it">
          {task.parent && (
            <p>
              <span className="dim">Of </span>
              <Link href={pathTo('task', [task.parent.taskId])}>{task.parent.title}</Link>
            </p>
          )}
          {children.map((child) => (
            <p key={child.taskId} className="row">
              <StatusPill subject="task" state={child.status} evidence={child.evidence} />
              <Link href={pathTo('task', [child.taskId])}>{child.title}</Link>
            </p>
          ))}
          {task.childrenCount > children.length && (
            <p className="dim">and {task.childrenCount - children.length} more</p>
          )}
        </Section>
      )}
    </aside>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="inspector-section">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Facts({ task, branch }: { task: TaskSummary; branch: string | null }) {
  const { usage, workflow } = task;
  return (
    <dl className="pairs">
      <dt>Run</dt>
      <dd>
        <Link href={pathTo('workflows', [workflow.workflowId])}>{workflow.goal || workflow.name}</Link>
      </dd>
      <dt>Phase</dt>
      <dd>{task.phase}</dd>
      <dt>Priority</dt>
      <dd>
        {task.priority}
        {task.boosted && ', boosted'}
      </dd>
      <dt>Repository</dt>
      <dd className="truncate" title={workflow.repository.path}>
        {workflow.repository.path.split('/').at(-1)} ({workflow.repository.baseBranch})
      </dd>
      {branch && (
        <>
          <dt>Worktree</dt>
          <dd className="truncate mono" title={branch}>
            {task.worktree ? branch : 'removed'}
          </dd>
        </>
      )}
      <dt>Used</dt>
      <dd>{known(usage, (it) => `${tokens(it.inputTokens + it.outputTokens)} tokens, ${dollars(it.costUsd)}`)}</dd>
      {task.bestOfN && (
        <>
          <dt>Best of N</dt>
          <dd>
            <Link href={pathTo('best-of-n', [task.bestOfN.bestOfNId])}>
              {task.bestOfN.index === null ? 'its candidates' : `candidate ${task.bestOfN.index}`}
            </Link>
          </dd>
        </>
      )}
    </dl>
  );
}

const FILES_SHOWN = 8;

function Changes({ turn }: { turn: TurnRow }) {
  const all = turn.files.length + turn.filesMore;
  return (
    <Section title={`Changes of turn ${turn.turn}`}>
      {all === 0 ? (
        <p className="dim">It changed nothing.</p>
      ) : (
        <>
          <ul className="bare-list">
            {turn.files.slice(0, FILES_SHOWN).map(({ path, insertions, deletions }) => (
              <li key={path} className="change">
                <span className="truncate mono" title={path}>
                  <bdi>{path}</bdi>
                </span>
                <span className="mono">
                  <span className="tone-good toned">+{insertions ?? '?'}</span>{' '}
                  <span className="tone-bad toned">−{deletions ?? '?'}</span>
                </span>
              </li>
            ))}
          </ul>
          <Button look="quiet" onClick={() => setQuery({ tab: 'diff' })}>
            {all > FILES_SHOWN ? `and ${count(all - FILES_SHOWN, 'further file')}: show the diff` : 'Show the diff'}
          </Button>
        </>
      )}
    </Section>
  );
}

const VERDICTS = {
  passed: ['good', '✓', 'passed'],
  failed: ['bad', '✗', 'failed'],
  sent_back: ['attention', '!', 'sent back'],
  under_review: ['busy', '●', 'under review'],
} as const;

function Round({ round, asOf }: { round: RoundRow; asOf: number | null }) {
  const [tone, shape, word] = VERDICTS[round.verdict];
  return (
    <article className="judged">
      <p>
        <EvidenceLink evidence={round.evidence} title={`Round ${round.round ?? ''} ${word}`}>
          <span className={`tone-${tone} toned`}>
            {shape} {word}
          </span>
        </EvidenceLink>{' '}
        <span className="dim">
          round {round.round ?? '–'}, <Age at={round.evidence.at} asOf={asOf} /> ago
        </span>
      </p>
      <p>{round.words}</p>
      <CheckLine check={round.check} />
      {round.review && (
        <p className="dim">
          Reviewed by <Link href={pathTo('task', [round.review.taskId])}>another agent</Link>
          {round.review.feedback && `: ${round.review.feedback}`}
        </p>
      )}
    </article>
  );
}

function CheckLine({ check }: { check: Check | null }) {
  if (!check) return null;
  const counts = [
    known(check.passed, (n) => `${n} passed`),
    known(check.failed, (n) => `${n} failed`),
    ...(check.skipped ? [`${check.skipped} skipped`] : []),
  ];
  return (
    <p className="dim">
      <code>{check.command}</code> {counts.join(', ')} in {duration(check.durationMs)}
    </p>
  );
}

const MERGES: Readonly<Record<string, readonly [tone: string, word: string]>> = {
  queued: ['waiting', 'in line'],
  merging: ['busy', 'being merged'],
  merged: ['busy', 'merged, not landed yet'],
  landed: ['good', 'landed'],
  refused: ['bad', 'refused'],
  withdrawn: ['ended', 'withdrawn'],
  handed_over: ['ended', 'handed over'],
};

function Merge({ merge, asOf }: { merge: MergeRow; asOf: number | null }) {
  const [tone, word] = MERGES[merge.status] ?? ['unknown', merge.status];
  return (
    <article className="judged">
      <p>
        <EvidenceLink evidence={merge.evidence} title={`Merge ${word}`}>
          <span className={`tone-${tone} toned`}>
            {merge.isRevert ? 'Revert ' : ''}
            {word}
          </span>
        </EvidenceLink>{' '}
        <span className="dim">
          <Age at={merge.evidence.at} asOf={asOf} /> ago
        </span>
      </p>
      {merge.reason && <p>{merge.reason}</p>}
      {merge.landedAs && (
        <p className="dim">
          as <IdChip id={merge.landedAs} />
        </p>
      )}
      <CheckLine check={merge.check} />
    </article>
  );
}
