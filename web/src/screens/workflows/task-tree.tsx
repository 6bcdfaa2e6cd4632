import { useMemo } from 'react';
import { dollars, known } from '../../../../src/transport/words/index.ts';
import { Link } from '../../app/link.tsx';
import { go, pathTo } from '../../app/router.ts';
import { Age } from '../../parts/age.tsx';
import { CommandButton } from '../../parts/command-button.tsx';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { IdChip } from '../../parts/id-chip.tsx';
import { StatusPill } from '../../parts/status-pill.tsx';
import type { View } from '../../server/view-registry.ts';
import { asTree, isEnded, type RunSummary, sayingOf, type TaskRow } from './rows.ts';

/** The tasks of a run, each below the one that asked for it. */
export function TaskTree({ view }: { view: View<TaskRow, RunSummary> }) {
  const { asOf } = view;
  const { workflowId = null, status = '' } = view.summary;
  const rows = useMemo(() => asTree(view.rows), [view.rows]);
  const goesOn = status === 'active' || status === 'paused';
  const columns = useMemo(() => columnsAsOf(asOf, String(workflowId), goesOn), [asOf, workflowId, goesOn]);
  return (
    <DataTable
      label="Tasks of the run"
      columns={columns}
      rows={rows}
      rowKey={(row) => row.taskId}
      depth={(row) => row.depth}
      onOpen={(row) => go(pathTo('task', [row.taskId]))}
      empty={
        <EmptyState title="No task yet">
          <p>They come when a phase starts, and as agents ask for more.</p>
        </EmptyState>
      }
    />
  );
}

function columnsAsOf(asOf: number | null, workflowId: string, goesOn: boolean): Column<TaskRow>[] {
  return [
    {
      key: 'title',
      title: 'Task',
      width: 'minmax(12rem, 2fr)',
      render: (row) => (
        <>
          <Link href={pathTo('task', [row.taskId])}>{row.title}</Link> <IdChip id={row.taskId} />
        </>
      ),
    },
    {
      key: 'status',
      title: 'Status',
      width: '7.5rem',
      sort: (row) => row.status,
      render: (row) => <StatusPill subject="task" state={row.status} evidence={row.evidence} />,
    },
    {
      key: 'age',
      title: 'For',
      width: '3.5rem',
      align: 'end',
      sort: (row) => row.evidence.at,
      render: (row) => <Age at={row.evidence.at} asOf={asOf} />,
    },
    { key: 'phase', title: 'Phase', width: '5rem', sort: (row) => row.phase, render: (row) => row.phase },
    {
      key: 'agent',
      title: 'Agent',
      width: '7rem',
      sort: (row) => row.agent ?? '',
      render: (row) => (
        <span title={`Attempt ${row.attempt}, sent back ${row.round} times`}>
          {row.agent ?? 'the server'}
          {row.attempt > 1 && <span className="dim"> attempt {row.attempt}</span>}
        </span>
      ),
    },
    {
      key: 'said',
      title: 'What is known',
      width: 'minmax(10rem, 3fr)',
      render: (row) => (
        <span className="wide dim" title={sayingOf(row)}>
          {sayingOf(row)}
        </span>
      ),
    },
    {
      key: 'cost',
      title: 'Cost',
      width: '4rem',
      align: 'end',
      sort: (row) => row.usage && row.usage.costUsd,
      render: (row) => known(row.usage, ({ costUsd }) => dollars(costUsd)),
    },
    {
      key: 'actions',
      title: 'Actions',
      width: '5.5rem',
      align: 'end',
      render: (row) => <TaskButton row={row} workflowId={workflowId} goesOn={goesOn} />,
    },
  ];
}

function TaskButton({ row, workflowId, goesOn }: { row: TaskRow; workflowId: string; goesOn: boolean }) {
  const shown = { view: 'workflow', params: { workflowId } };
  const { taskId, title, status } = row;
  // A run that has ended takes nothing up again.
  const may = goesOn && (status === 'failed' || status === 'done');
  if (isEnded(status))
    return may ? (
      <CommandButton command="restart_task" input={{ taskId }} shown={shown} look="quiet">
        Restart
      </CommandButton>
    ) : null;
  return (
    <CommandButton
      command="cancel_task"
      input={{ taskId }}
      shown={shown}
      look="quiet"
      confirm={`Cancel “${title}”? What is done of it is kept, and nobody goes on with it.`}
    >
      Cancel
    </CommandButton>
  );
}
