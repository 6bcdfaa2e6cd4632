import './checks.css';
import { useMemo } from 'react';
import { duration, known } from '../../../../src/transport/words/index.ts';
import { setQuery, useRoute } from '../../app/router.ts';
import { Age } from '../../parts/age.tsx';
import { Button } from '../../parts/button.tsx';
import { Choice } from '../../parts/choice.tsx';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { IdChip } from '../../parts/id-chip.tsx';
import { StatusPill } from '../../parts/status-pill.tsx';
import { ViewGate } from '../../parts/view-gate.tsx';
import { useView } from '../../server/use-view.ts';
import { CheckDrawer } from './check-drawer.tsx';
import { Of } from './of.tsx';
import { type CheckRow, type ChecksSummary, KINDS } from './types.ts';

const LIMIT = 300;

/** Every check that was recorded, the newest first: who asked for it, what it came to, and why. */
export default function Checks() {
  const { kind: asked, failed, workflow, check } = useRoute().query;
  const kind = KINDS.find(({ key }) => key === asked)?.key;
  const params = {
    limit: LIMIT,
    failed: failed !== undefined,
    ...(kind && { kind }),
    ...(workflow && { workflowId: workflow }),
  };
  const view = useView<CheckRow, ChecksSummary>('checks', params);
  const columns = useMemo(() => columnsAsOf(view.asOf), [view.asOf]);
  const { counts = {}, more } = view.summary;
  const filtered = kind !== undefined || failed !== undefined;
  const options = [
    { key: 'all' as const, title: 'All' },
    ...KINDS.map(({ key, title }) => ({ key, title, note: numbers(counts[key]) })),
  ];
  return (
    <ViewGate view={view}>
      <div className="facts">
        <Choice
          label="Which checks"
          options={options}
          value={kind ?? 'all'}
          onChange={(key) => setQuery({ kind: key === 'all' ? undefined : key })}
        />
        <span className="grow" />
        {workflow && (
          <Button look="quiet" onClick={() => setQuery({ workflow: undefined })}>
            Show all runs
          </Button>
        )}
        <label>
          <input
            type="checkbox"
            checked={failed !== undefined}
            onChange={() => setQuery({ failed: failed === undefined ? '1' : undefined })}
          />
          only failed
        </label>
      </div>
      <DataTable
        label="Checks"
        columns={columns}
        rows={view.rows}
        rowKey={(row) => row.key}
        selected={check ?? null}
        onOpen={(row) => setQuery({ check: row.key })}
        empty={
          filtered ? (
            <EmptyState title="No check matches">
              <Button onClick={() => setQuery({ kind: undefined, failed: undefined })}>Show all</Button>
            </EmptyState>
          ) : (
            <EmptyState title="Nothing has been checked yet">
              <p>
                Run the checks of your repository with <code>heph check</code>; whatever a run checks stands here too.
              </p>
            </EmptyState>
          )
        }
      />
      {more && <p className="notice">The newest {LIMIT} are shown.</p>}
      {check !== undefined && <CheckDrawer row={view.byKey[check] ?? null} asOf={view.asOf} />}
    </ViewGate>
  );
}

function numbers(by: Record<string, number> | undefined): string {
  const all = Object.values(by ?? {}).reduce((sum, one) => sum + one, 0);
  return by?.failed ? `${all}, ${by.failed} ✗` : String(all);
}

function columnsAsOf(asOf: number | null): Column<CheckRow>[] {
  return [
    {
      key: 'of',
      title: 'Of',
      width: 'minmax(12rem, 2fr)',
      sort: (row) => row.title ?? row.folder ?? '',
      render: (row) => <Of row={row} />,
    },
    {
      key: 'verdict',
      title: 'Verdict',
      width: '8.5rem',
      sort: (row) => row.verdict,
      render: (row) => <StatusPill subject="checkRun" state={row.verdict} evidence={row.evidence} note={row.words} />,
    },
    {
      key: 'kind',
      title: 'Asked for',
      width: '6rem',
      sort: (row) => row.kind,
      render: ({ kind }) => {
        const { title = kind, about = '' } = KINDS.find(({ key }) => key === kind) ?? {};
        return <span title={about}>{title}</span>;
      },
    },
    { key: 'what', title: 'What', width: 'minmax(11rem, 2fr)', render: (row) => <What row={row} /> },
    {
      key: 'took',
      title: 'Took',
      width: '9rem',
      align: 'end',
      sort: (row) => row.durationMs,
      render: (row) => (
        <>
          {known(row.durationMs, duration)}
          {row.savedMs ? <span className="dim">, saved {duration(row.savedMs)}</span> : ''}
        </>
      ),
    },
    {
      key: 'tree',
      title: 'Tree',
      width: '6rem',
      render: (row) => (row.commit ? <IdChip id={row.commit} /> : '–'),
    },
    {
      key: 'age',
      title: 'When',
      width: '5rem',
      align: 'end',
      sort: (row) => row.evidence.at,
      render: (row) => <Age at={row.evidence.at} asOf={asOf} />,
    },
  ];
}

function What({ row: { checks, summary, code } }: { row: CheckRow }) {
  if (checks !== null) {
    const red = checks.filter(({ status }) => status === 'failed').map(({ name }) => name);
    const cached = checks.filter((one) => one.cached).length;
    return (
      <>
        {red.length > 0 ? <span className="tone-bad toned">{red.join(', ')}</span> : `${checks.length} checks`}
        {cached > 0 && <span className="dim">, {cached} cached</span>}
      </>
    );
  }
  if (summary === null) return code ?? '';
  if (summary.passed === null) return <code>{summary.command}</code>;
  return (
    <>
      {summary.passed} passed
      {summary.failed ? <span className="tone-bad toned">, {summary.failed} failed</span> : ''}
      {summary.cache && <span className="dim">, {summary.cache.cached} cached</span>}
    </>
  );
}
