import { useMemo } from 'react';
import { dollars, known } from '../../../../src/transport/words/index.ts';
import { Link } from '../../app/link.tsx';
import { go, pathTo, setQuery, useRoute } from '../../app/router.ts';
import { Age } from '../../parts/age.tsx';
import { Button } from '../../parts/button.tsx';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { IdChip } from '../../parts/id-chip.tsx';
import { Meter } from '../../parts/meter.tsx';
import { StatusPill } from '../../parts/status-pill.tsx';
import { ViewGate } from '../../parts/view-gate.tsx';
import { PAST_REASON } from '../../server/use-command.ts';
import { useView } from '../../server/use-view.ts';
import { ended, type RunRow } from './rows.ts';

export const openLaunch = () => setQuery({ new: '1' });

/** Every run there has been, the newest first. */
export function RunList() {
  const view = useView<RunRow, { counts: Record<string, number> }>('workflow');
  const { open } = useRoute().query;
  const columns = useMemo(() => columnsAsOf(view.asOf), [view.asOf]);
  const rows = useMemo(() => {
    const shown = open ? view.rows.filter(({ endedAt }) => endedAt === null) : view.rows;
    return shown.toSorted((a, b) => b.startedAt - a.startedAt);
  }, [view.rows, open]);
  return (
    <ViewGate view={view}>
      <div className="facts">
        {Object.entries(view.summary.counts ?? {}).map(([status, count]) => (
          <span className="row" key={status}>
            <StatusPill subject="workflow" state={status} /> {count}
          </span>
        ))}
        <span className="grow" />
        <label>
          <input
            type="checkbox"
            checked={open !== undefined}
            onChange={() => setQuery({ open: open === undefined ? '1' : undefined })}
          />
          only those that go on
        </label>
        <Button look="primary" onClick={openLaunch} disabledReason={view.state === 'past' ? PAST_REASON : null}>
          Start a workflow
        </Button>
      </div>
      <DataTable
        label="Runs"
        columns={columns}
        rows={rows}
        rowKey={(row) => row.workflowId}
        onOpen={(row) => go(pathTo('workflows', [row.workflowId]))}
        empty={
          view.rows.length > 0 ? (
            <EmptyState title="No run goes on">
              <p>{view.rows.length} have ended: take the tick away to see them.</p>
            </EmptyState>
          ) : (
            <EmptyState title="Nothing was run yet">
              <Button onClick={openLaunch} disabledReason={view.state === 'past' ? PAST_REASON : null}>
                Start a workflow
              </Button>
              <p>
                or, in a repository: <code>heph run bugfix --repo . --goal "Make the tests pass"</code>
              </p>
            </EmptyState>
          )
        }
      />
    </ViewGate>
  );
}

function columnsAsOf(asOf: number | null): Column<RunRow>[] {
  return [
    {
      key: 'goal',
      title: 'Run',
      width: 'minmax(12rem, 3fr)',
      sort: (row) => row.goal,
      render: (row) => (
        <>
          <Link href={pathTo('workflows', [row.workflowId])}>{row.goal}</Link> <IdChip id={row.workflowId} />
        </>
      ),
    },
    {
      key: 'status',
      title: 'Status',
      width: '7rem',
      sort: (row) => row.status,
      render: (row) => (
        <StatusPill subject="workflow" state={row.status} evidence={row.evidence} note={row.runnerGone ?? row.reason} />
      ),
    },
    {
      key: 'workflow',
      title: 'Workflow',
      width: '5rem',
      sort: (row) => row.name,
      render: (row) => <span title={row.title}>{row.name}</span>,
    },
    {
      key: 'phase',
      title: 'Phase',
      width: '7.5rem',
      render: (row) =>
        row.phase && (
          <>
            {row.phase.name}
            {row.phase.round > 1 && <span className="dim"> round {row.phase.round}</span>}{' '}
            {row.endedAt === null && (
              <StatusPill subject="phase" state={row.phase.status} evidence={row.phase.evidence} />
            )}
          </>
        ),
    },
    {
      key: 'tasks',
      title: 'Tasks',
      width: '8rem',
      render: (row) => <TasksMeter counts={row.tasks} />,
    },
    {
      key: 'merged',
      title: 'Base branch',
      width: '6rem',
      render: (row) =>
        row.delivery && <StatusPill subject="delivery" state={row.delivery.base} note={row.delivery.reason} />,
    },
    {
      key: 'cost',
      title: 'Cost',
      width: '3.5rem',
      align: 'end',
      sort: (row) => row.usage && row.usage.costUsd,
      render: (row) => known(row.usage, ({ costUsd }) => dollars(costUsd)),
    },
    {
      key: 'repository',
      title: 'Repository',
      width: 'minmax(5rem, 1fr)',
      sort: (row) => row.repository,
      render: (row) => (
        <span className="dim" title={row.repository}>
          {row.repository.split('/').at(-1)}
        </span>
      ),
    },
    {
      key: 'started',
      title: 'Started',
      width: '3.5rem',
      align: 'end',
      sort: (row) => row.startedAt,
      render: (row) => <Age at={row.startedAt} asOf={asOf} />,
    },
  ];
}

export function TasksMeter({ counts }: { counts: Readonly<Record<string, number>> }) {
  const { ended: over, all } = ended(counts);
  if (all === 0) return <span className="dim">none yet</span>;
  return <Meter value={over} max={all} text={`${over} of ${all}`} label="Tasks that have ended" />;
}
