import { SubmitResult } from '../../by-hand/submit-result.tsx';
import { StatusPill } from '../../parts/status-pill.tsx';
import type { RunSummary, Verdict } from './rows.ts';

const VERDICTS: Record<Verdict['verdict'], { word: string; tone: string; shape: string }> = {
  pass: { word: 'met', tone: 'good', shape: '✓' },
  fail: { word: 'not met', tone: 'bad', shape: '✗' },
  not_judged: { word: 'not judged', tone: 'unknown', shape: '?' },
};

/** What the run came to, criterion by criterion, and what became of the base branch. */
export function Result({ run }: { run: RunSummary }) {
  const { result, results, delivery, merge, baseline, repository } = run;
  const last = results.at(-1);
  const criteria = last && last.criteria.length > 0 ? last.criteria : null;
  return (
    <div className="prose">
      <p>
        <StatusPill subject="result" state={result.status} />{' '}
        {last ? `Submission ${last.submission}, by ${last.by}.` : 'It has not been submitted.'} {result.awaits?.text}
      </p>
      {result.awaits?.from === 'operator' && (
        <p>
          <SubmitResult workflowId={String(run.workflowId)} />
        </p>
      )}
      {last?.summary && <p className="said">{last.summary}</p>}
      {result.criteria.length > 0 && <h3>Criteria</h3>}
      <ul className="criteria">
        {(criteria ?? result.criteria.map((one) => ({ ...one, verdict: 'not_judged' as const, evidence: '' }))).map(
          ({ criterion, verdict, evidence }) => {
            const { word, tone, shape } = VERDICTS[verdict];
            return (
              <li key={criterion}>
                <span className={`pill tone-${tone}`}>
                  <span className="shape" aria-hidden="true">
                    {shape}
                  </span>
                  {word}
                </span>
                <span>
                  {criterion}
                  {evidence && <span className="dim"> {evidence}</span>}
                </span>
              </li>
            );
          },
        )}
      </ul>
      {last?.feedback && (
        <>
          <h3>What is to be mended</h3>
          <pre className="json">{last.feedback}</pre>
        </>
      )}
      <h3>Delivery</h3>
      {delivery ? (
        <p>
          <StatusPill subject="delivery" state={delivery.base} /> {delivery.baseBranch}
          {delivery.commit && <code> {delivery.commit.slice(0, 10)}</code>}
          {delivery.reason && <span>: {delivery.reason}</span>}
        </p>
      ) : (
        <p className="dim">
          {merge
            ? `When the result is accepted, it is merged into ${repository.baseBranch}.`
            : `The base branch is left as it is; the work is on ${run.runBranch}.`}
        </p>
      )}
      {delivery?.commit && delivery.base !== 'moved' && (
        <p>
          Merge it by hand: <code>{`git -C ${repository.path} merge ${delivery.runBranch}`}</code>
        </p>
      )}
      <h3>Before the run</h3>
      <p>
        {baseline ? (
          <>
            <StatusPill subject="check" state={baseline.status} /> <code>{baseline.command}</code>
            {baseline.passed !== null && ` ${baseline.passed} passed, ${baseline.failed ?? 0} failed`}
          </>
        ) : (
          <span className="dim">No check was run before it began.</span>
        )}
      </p>
    </div>
  );
}
