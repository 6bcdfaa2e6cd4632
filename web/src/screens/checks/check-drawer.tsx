import { type ReactNode, useEffect, useState } from 'react';
import { count, duration } from '../../../../src/transport/words/index.ts';
import { setQuery } from '../../app/router.ts';
import { Age } from '../../parts/age.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { IdChip } from '../../parts/id-chip.tsx';
import { Refusal } from '../../parts/refusal.tsx';
import { StatusPill } from '../../parts/status-pill.tsx';
import { useQuery } from '../../server/use-query.ts';
import { Of } from './of.tsx';
import { type CheckLine, type CheckRow, KINDS, type Summary } from './types.ts';

interface Result {
  of: string;
  summary: Summary;
  tail: string | null;
  checks: CheckLine[] | null;
  failures: { id: string; file: string; name: string; message: string | null }[] | null;
  failuresMore: number;
  missing: string | null;
}

const OF: Readonly<Record<string, string>> = {
  work: 'The check',
  own_judge: 'With the judge that the work has itself',
  base_judge: 'With the judge of the base',
};

/** One check beside the list: each of its checks, what failed, and the end of what it printed. */
export function CheckDrawer({ row, asOf }: { row: CheckRow | null; asOf: number | null }) {
  // The row may leave the list while it is read.
  const [kept, setKept] = useState(row);
  useEffect(() => void (row && setKept(row)), [row]);
  const shown = row ?? kept;
  const recorded = shown !== null && shown.checks === null && shown.summary !== null;
  const input = shown && { eventId: shown.evidence.eventId, position: shown.evidence.position };
  const { result, failure, state } = useQuery<{ results: Result[] }>(recorded ? 'get_check' : null, input);
  const close = () => setQuery({ check: undefined });
  if (!shown)
    return (
      <Dialog as="drawer" open onClose={close} title="Check">
        <p className="dim">It is not in this list: it may be of another run, older, or of later than the page shows.</p>
      </Dialog>
    );
  const about = KINDS.find(({ key }) => key === shown.kind)?.about ?? shown.kind;
  return (
    <Dialog as="drawer" open onClose={close} title={`Check of ${about}`}>
      <div className="check-head">
        <StatusPill subject="checkRun" state={shown.verdict} evidence={shown.evidence} />
        <Of row={shown} />
        <span className="dim">
          <Age at={shown.evidence.at} asOf={asOf} /> ago
        </span>
        {shown.commit && <IdChip id={shown.commit} />}
        {shown.clean === false && <span className="dim">with changes that were not committed</span>}
      </div>
      {shown.code && (
        <p>
          <code>{shown.code}</code>
        </p>
      )}
      {shown.words && <p className="check-words">{shown.words}</p>}
      {shown.judge && <Judges judge={shown.judge} />}
      {shown.fixes.length > 0 && <p className="dim">Mended: {shown.fixes.join('; ')}</p>}
      {shown.checks && <Lines lines={shown.checks} />}
      <Refusal of={failure} />
      {recorded && state === 'loading' && (
        <div className="loading" aria-busy="true" role="status" aria-label="Loading" />
      )}
      {result?.results.map((one) => (
        <OneResult key={one.of} result={one} titled={result.results.length > 1} />
      ))}
    </Dialog>
  );
}

function Judges({ judge: { own, original, touched } }: { judge: NonNullable<CheckRow['judge']> }) {
  const said = (pass: boolean) => (pass ? 'passes' : 'fails');
  return (
    <p>
      It touches what judges it ({touched.join(', ')}): with its own files it {said(own)}
      {original !== null && `, with those of the base it ${said(original)}`}.
    </p>
  );
}

function OneResult({ result, titled }: { result: Result; titled: boolean }) {
  const { of, summary, tail, checks, failures, failuresMore, missing } = result;
  return (
    <Section title={titled ? (OF[of] ?? of) : summary.command}>
      {titled && (
        <p>
          <code>{summary.command}</code> <StatusPill subject="check" state={summary.status} />
        </p>
      )}
      {missing !== null && <p className="dim">{missing}</p>}
      {checks && checks.length > 0 && <Lines lines={checks} />}
      {summary.cache && <p className="dim">{summary.cache.why}</p>}
      {failures && failures.length > 0 && (
        <>
          <h4>{count(failures.length + failuresMore, 'test')} failed</h4>
          <ul className="bare-list check-failures">
            {failures.map(({ id, file, name, message }) => (
              <li key={id}>
                <span className="tone-bad toned">✗</span> {name} <span className="dim mono">{file}</span>
                {message && <pre className="check-tail">{message}</pre>}
              </li>
            ))}
          </ul>
          {failuresMore > 0 && <p className="dim">and {failuresMore} more</p>}
        </>
      )}
      {tail && (
        <details open={!failures || failures.length === 0}>
          <summary>The end of its output</summary>
          <pre className="check-tail" tabIndex={0}>
            {tail}
          </pre>
        </details>
      )}
    </Section>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="check-section">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Lines({ lines }: { lines: readonly CheckLine[] }) {
  return (
    <ul className="bare-list check-lines">
      {lines.map(({ name, status, cached, why, durationMs, tests, tail }) => (
        <li key={name}>
          <div className="row">
            <StatusPill subject="check" state={status} />
            <strong>{name}</strong>
            <span className="dim">
              {cached ? 'from the cache' : duration(durationMs)}
              {tests && `, ${tests.passed} passed, ${tests.failed} failed`}
            </span>
          </div>
          {why && <p className="dim">{why}</p>}
          {tail && (
            <pre className="check-tail" tabIndex={0}>
              {tail}
            </pre>
          )}
        </li>
      ))}
    </ul>
  );
}
