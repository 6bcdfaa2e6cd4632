import { type KeyboardEvent, useMemo } from 'react';
import { reasonWord } from '../../../../src/transport/words/index.ts';
import { explain } from '../../app/explained.ts';
import { Link } from '../../app/link.tsx';
import { go, pathTo } from '../../app/router.ts';
import { Age } from '../../parts/age.tsx';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { withShortIds } from '../../parts/format.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { IdChip } from '../../parts/id-chip.tsx';
import { Meter } from '../../parts/meter.tsx';
import { NARROW, useMedia } from '../../parts/use-media.ts';
import { StatusPill } from '../../parts/status-pill.tsx';
import { ViewGate } from '../../parts/view-gate.tsx';
import { useView } from '../../server/use-view.ts';
import { FleetButtons } from './fleet-buttons.tsx';
import { PriorityChoice, RowButtons } from './row-buttons.tsx';
import type { QueueRow, QueueSummary, Reason } from './row.ts';
import './queue.css';

/** What runs, what runs next and, for everything open that does not run, why. */
export default function Queue() {
  const view = useView<QueueRow, QueueSummary>('queue');
  const { slots, fleet, stoppedAgents = [] } = view.summary;
  const columns = useMemo(() => columnsAsOf(view.asOf), [view.asOf]);
  const running = view.rows.filter((row) => row.running).length;
  return (
    <ViewGate view={view}>
      <div className="facts">
        <span className="fact">
          <span>Fleet</span>
          <StatusPill subject="fleet" state={fleet?.status ?? 'open'} evidence={fleet?.evidence} note={fleet?.reason} />
        </span>
        <span className="fact">
          <span>Slots</span>
          <Meter
            value={slots?.used ?? null}
            max={slots?.cap ?? 1}
            text={slots ? `${slots.used} of ${slots.cap}` : '–'}
            label="Slots used"
          />
        </span>
        <span className="fact">
          <span>Open</span>
          <span>
            {view.rows.length}, {running} of them run
          </span>
        </span>
        {stoppedAgents.map(({ agent, reason, evidence }) => (
          <button
            type="button"
            key={agent}
            className="reason tone-bad"
            title={`${reason}\nClick for what led to it`}
            onClick={() => explain({ evidence, title: `Agents named ${agent} are stopped` })}
          >
            <span aria-hidden="true">✗</span> agents named {agent} are stopped
          </button>
        ))}
        <span className="grow" />
        <FleetButtons status={fleet?.status ?? 'open'} stopped={stoppedAgents.length > 0} />
      </div>
      <div className="queue" onKeyDown={pressInRow}>
        <DataTable
          label="Open tasks"
          columns={columns}
          rows={view.rows}
          rowKey={(row) => row.taskId}
          onOpen={(row) => go(pathTo('task', [row.taskId]))}
          empty={
            <EmptyState title="No task is open">
              <p>
                <Link href={pathTo('workflows', [], { new: '1' })}>Start a workflow</Link>: its tasks come here.
              </p>
            </EmptyState>
          }
        />
      </div>
    </ViewGate>
  );
}

/** A key of the focused row presses that row's button, so that confirmation, refusal and reason are the same by hand and by key. */
function pressInRow(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  if (!target.matches('[role=row]') || event.ctrlKey || event.metaKey || event.altKey) return;
  const button = [...target.querySelectorAll<HTMLElement>('[data-key]')].find(
    ({ dataset }) => dataset.key === event.key,
  );
  if (!button) return;
  event.preventDefault();
  button.click();
}

function columnsAsOf(asOf: number | null): Column<QueueRow>[] {
  return [
    {
      key: 'title',
      title: 'Task',
      width: 'minmax(12rem, 3fr)',
      sort: (row) => row.title,
      render: (row) => (
        <>
          <span
            className="place"
            title={row.position === null ? 'Not in the line' : `Place ${row.position} in the line`}
          >
            {row.position ?? (row.running ? '▸' : '·')}
          </span>
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
    {
      key: 'why',
      title: 'Who, or why not',
      width: 'minmax(11rem, 4fr)',
      render: (row) => (
        <span className="wide">{row.running ? <Worker row={row} /> : <Reasons of={row.reasons} />}</span>
      ),
    },
    {
      key: 'phase',
      title: 'Phase',
      width: '5rem',
      sort: (row) => row.phase,
      render: (row) => (
        <Link href={pathTo('workflows', [row.workflowId])} className="dim">
          {row.phase}
        </Link>
      ),
    },
    {
      key: 'priority',
      title: 'Priority',
      width: '5.5rem',
      render: (row) => <PriorityChoice row={row} />,
    },
    {
      key: 'actions',
      title: 'Actions',
      width: '8rem',
      align: 'end',
      render: (row) => <RowButtons row={row} />,
    },
  ];
}

function Worker({ row }: { row: QueueRow }) {
  if (row.agentId === null) return <span>the server</span>;
  return (
    <>
      {row.agent} <IdChip id={row.agentId} /> {row.attempt > 1 && <span className="dim">attempt {row.attempt}</span>}
    </>
  );
}

/** Each opens the chain of events that it rests on. */
function Reasons({ of }: { of: readonly Reason[] }) {
  // Several have no room side by side: in a row each is said in two or three words, in a card in its sentence.
  const short = !useMedia(NARROW) && of.length > 1;
  return of.map(({ code, text, evidence }) => (
    <button
      key={code}
      type="button"
      className="reason"
      title={`${text}\n${evidence ? 'Click for what led to it' : 'Nothing is recorded that it rests on'}`}
      onClick={() => evidence && explain({ evidence, title: reasonWord(code) })}
    >
      {short ? reasonWord(code) : withShortIds(text)}
    </button>
  ));
}
