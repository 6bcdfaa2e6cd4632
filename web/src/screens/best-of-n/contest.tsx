import { duration } from '../../../../src/transport/words/index.ts';
import { Link } from '../../app/link.tsx';
import { pathTo, setQuery, useRoute } from '../../app/router.ts';
import { CommandButton } from '../../parts/command-button.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { EvidenceLink } from '../../parts/evidence-link.tsx';
import { IdChip } from '../../parts/id-chip.tsx';
import { StatusPill } from '../../parts/status-pill.tsx';
import { NARROW, useMedia } from '../../parts/use-media.ts';
import { ViewGate } from '../../parts/view-gate.tsx';
import { useView } from '../../server/use-view.ts';
import type { View } from '../../server/view-registry.ts';
import { Candidates, type Used, type Waiting } from './candidates.tsx';
import { RescoreButton } from './rescore-button.tsx';
import type { Candidate, Contest } from './types.ts';

const OPEN = ['planned', 'mutating', 'building', 'scoring', 'selected', 'merging'];

/** One best-of-N: what was asked for, who won and why, and its candidates side by side. */
export function BestOfN({ bestOfNId }: { bestOfNId: string }) {
  const view = useView<Candidate, Contest>('best-of-n', { bestOfNId });
  return (
    <ViewGate view={view}>
      {view.summary.bestOfNId ? (
        <Shown contest={view.summary as Contest} view={view} />
      ) : (
        <EmptyState title="There is no such best-of-N here">
          <p>
            {view.state === 'past' ? 'It had not been started at that position.' : 'Its id may be mistyped.'}{' '}
            <IdChip id={bestOfNId} />
          </p>
        </EmptyState>
      )}
    </ViewGate>
  );
}

function Shown({ contest, view }: { contest: Contest; view: View<Candidate, Contest> }) {
  const { bestOfNId, workflowId, rescorings, status } = contest;
  const wanted = Number(useRoute().query.verdict ?? 1);
  const verdict = rescorings.some((one) => one.verdict === wanted) ? wanted : 1;
  const narrow = useMedia(NARROW);
  const { asOf } = view;
  const costs = useView<Used>(workflowId ? 'cost' : null, {
    ...(workflowId && { workflowId }),
    ...{ by: 'task', limit: 1000 },
  });
  const queue = useView<Waiting>(
    OPEN.includes(status) && workflowId ? 'queue' : null,
    workflowId ? { workflowId } : {},
  );
  const input = { bestOfNId };
  const shown = { view: 'best-of-n', params: { bestOfNId } };
  return (
    <div className="contest">
      <header className="contest-head">
        <Goal text={contest.goal} />
        <div className="row">
          <StatusPill subject="bestOfN" state={status} evidence={contest.evidence} note={contest.reason} />
          <IdChip id={bestOfNId ?? ''} />
          <span className="dim">
            {view.rows.length === 1 ? '1 candidate' : `${view.rows.length} candidates`}, {duration(contest.durationMs)},
            asked for by {contest.startedBy}
          </span>
          {workflowId && <Link href={pathTo('workflows', [workflowId])}>its run</Link>}
          <span className="grow" />
          <RescoreButton contest={contest} />
          <CommandButton
            command="cancel_best_of_n"
            input={input}
            shown={shown}
            look="danger"
            confirm="It ends without a winner. Its candidates are cancelled, their work so far is kept."
            disabledReason={OPEN.includes(status) ? null : 'It is over.'}
          >
            Cancel
          </CommandButton>
        </div>
        <Verdict contest={contest} verdict={verdict} />
      </header>
      {view.rows.length === 0 ? (
        <EmptyState title="No candidate is planned yet">
          <p>The variants of the directive are being made.</p>
        </EmptyState>
      ) : (
        <Candidates
          candidates={view.rows}
          contest={contest}
          verdict={verdict}
          asOf={asOf}
          costs={costs.byKey}
          queue={queue.byKey}
          stacked={narrow}
        />
      )}
    </div>
  );
}

/** Who won and why, by the verdict that counts or by a later one. */
function Verdict({ contest, verdict }: { contest: Contest; verdict: number }) {
  const { rescorings, score } = contest;
  const later = rescorings.find((one) => one.verdict === verdict);
  const words = later ? later.words : (contest.verdict?.words ?? contest.reason);
  return (
    <div className="contest-verdict">
      {rescorings.length > 0 && (
        <label>
          <span className="dim">Verdict</span>
          <select
            className="input contest-select"
            value={verdict}
            onChange={(event) => setQuery({ verdict: event.target.value === '1' ? undefined : event.target.value })}
          >
            <option value={1}>1: {score} (counts)</option>
            {rescorings.map((one) => (
              <option key={one.verdict} value={one.verdict}>
                {one.verdict}: {one.score}
                {one.differs ? ' (another winner)' : ''}
              </option>
            ))}
          </select>
        </label>
      )}
      {later && <StatusPill subject="rescoring" state={later.status} />}
      {words && (
        <p>
          <EvidenceLink evidence={contest.evidence} title="who won">
            {words}
          </EvidenceLink>
        </p>
      )}
      {!words && <p className="dim">There is no verdict yet.</p>}
      <p className="dim">
        {rescorings.length === 0 && <>Scored by {score}. </>}
        {later?.check && <>Judged by {later.check}. </>}
        {contest.criteria.length > 0 && <>A good result: {contest.criteria.join('; ')}. </>}
        {contest.commit && (
          <>
            Merged as <IdChip id={contest.commit} />
          </>
        )}
      </p>
    </div>
  );
}

const TITLE_CHARS_MAX = 140;

/** A goal that an agent wrote may be a page long: its beginning is the title, and the rest is there when it is asked for. */
function Goal({ text }: { text: string }) {
  const [first = ''] = text.trim().split('\n', 1);
  const title = first.length > TITLE_CHARS_MAX ? `${first.slice(0, TITLE_CHARS_MAX)}…` : first;
  if (title === text.trim()) return <h2>{title}</h2>;
  return (
    <>
      <h2>{title}</h2>
      <details className="contest-goal">
        <summary>The whole goal</summary>
        <p>{text}</p>
      </details>
    </>
  );
}
