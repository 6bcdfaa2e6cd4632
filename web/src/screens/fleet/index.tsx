import { useMemo } from 'react';
import { dollars, known, tokens } from '../../../../src/transport/words/index.ts';
import type { Evidence } from '../../app/explained.ts';
import { setQuery, useRoute } from '../../app/router.ts';
import { Age } from '../../parts/age.tsx';
import { CommandButton } from '../../parts/command-button.tsx';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { IdChip } from '../../parts/id-chip.tsx';
import { StatusPill } from '../../parts/status-pill.tsx';
import { ViewGate } from '../../parts/view-gate.tsx';
import { useView } from '../../server/use-view.ts';

interface AgentRow {
  agentId: string;
  taskId: string;
  agent: string;
  attempt: number;
  status: string;
  evidence: Evidence;
  signal: string | null;
  branch: string | null;
  living: boolean;
  usage: { inputTokens: number; outputTokens: number; costUsd: number } | null;
}

interface FleetSummary {
  slots: { used: number; cap: number };
  fleet: { status: string; reason: string; evidence: Evidence | null };
  runners: { runnerId: string; status: string; agents: number; evidence: Evidence }[];
}

/** Who works, on what, since when, and at what cost. */
export default function Fleet() {
  const view = useView<AgentRow, FleetSummary>('fleet');
  const queue = useView('queue');
  const { slots, fleet, runners = [] } = view.summary;
  const columns = useMemo(() => columnsAsOf(view.asOf), [view.asOf]);
  // Who lives comes first; the view's own order is that of their beginning.
  const { all } = useRoute().query;
  const rows = useMemo(() => {
    const shown = all ? view.rows : view.rows.filter(({ living }) => living);
    return shown.toSorted((a, b) => Number(b.living) - Number(a.living));
  }, [view.rows, all]);
  return (
    <ViewGate view={view}>
      <div className="facts">
        <span className="fact">
          <span>Fleet</span>
          <StatusPill subject="fleet" state={fleet?.status ?? 'open'} evidence={fleet?.evidence} note={fleet?.reason} />
        </span>
        <span className="fact">
          <span>Slots</span>
          <span>{slots ? `${slots.used} of ${slots.cap}` : '–'}</span>
        </span>
        <span className="fact">
          <span>Waiting</span>
          <span>
            {queue.state === 'loading' ? '–' : queue.rows.length - (slots?.used ?? 0) < 0 ? 0 : queue.rows.length}
          </span>
        </span>
        {runners.map(({ runnerId, status, agents, evidence }) => (
          <span className="fact" key={runnerId}>
            <span>Runner {runnerId}</span>
            <StatusPill subject="runner" state={status} evidence={evidence} />
            <span className="dim">{agents} living</span>
          </span>
        ))}
        <span className="grow" />
        <label>
          <input
            type="checkbox"
            checked={all !== undefined}
            onChange={() => setQuery({ all: all === undefined ? '1' : undefined })}
          />
          also ended
        </label>
        {fleet?.status === 'open' ? (
          <CommandButton command="pause_fleet" input={{}} shown={{ view: 'fleet' }}>
            Pause
          </CommandButton>
        ) : (
          <CommandButton command="resume_fleet" input={{}} shown={{ view: 'fleet' }}>
            Resume
          </CommandButton>
        )}
      </div>
      <DataTable
        label="Agents"
        columns={columns}
        rows={rows}
        rowKey={(row) => row.agentId}
        empty={
          <EmptyState title={view.rows.length > 0 ? 'No agent works now' : 'No agent has worked yet'}>
            <p>
              Start a workflow with <code>heph run bugfix --repo . --goal "Make the tests pass"</code>.
            </p>
          </EmptyState>
        }
      />
    </ViewGate>
  );
}

function columnsAsOf(asOf: number | null): Column<AgentRow>[] {
  return [
    {
      key: 'agent',
      title: 'Agent',
      width: 'minmax(11rem, 1fr)',
      sort: (row) => row.agent,
      render: (row) => (
        <>
          {row.agent} <IdChip id={row.agentId} />
        </>
      ),
    },
    {
      key: 'status',
      title: 'Status',
      width: '9rem',
      sort: (row) => row.status,
      render: (row) => <StatusPill subject="agent" state={row.status} evidence={row.evidence} note={row.signal} />,
    },
    {
      key: 'age',
      title: 'For',
      width: '4.5rem',
      align: 'end',
      sort: (row) => row.evidence.at,
      render: (row) => <Age at={row.evidence.at} asOf={asOf} />,
    },
    { key: 'task', title: 'Task', width: 'minmax(8rem, 1fr)', render: (row) => <IdChip id={row.taskId} /> },
    {
      key: 'tokens',
      title: 'Tokens',
      width: '5rem',
      align: 'end',
      sort: (row) => row.usage && row.usage.inputTokens + row.usage.outputTokens,
      render: (row) => known(row.usage, (usage) => tokens(usage.inputTokens + usage.outputTokens)),
    },
    {
      key: 'cost',
      title: 'Cost',
      width: '5rem',
      align: 'end',
      sort: (row) => row.usage && row.usage.costUsd,
      render: (row) => known(row.usage, (usage) => dollars(usage.costUsd)),
    },
    {
      key: 'branch',
      title: 'Branch',
      width: 'minmax(10rem, 2fr)',
      render: (row) => <span className="mono dim">{row.branch ?? '–'}</span>,
    },
  ];
}
