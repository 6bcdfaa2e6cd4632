import { dollars, known, tokens } from '../../../../src/transport/words/index.ts';
import type { Evidence } from '../../app/explained.ts';
import { Link } from '../../app/link.tsx';
import { pathTo } from '../../app/router.ts';
import { AgentButtons } from '../../by-hand/agent-buttons.tsx';
import { MessageButton, type Takes } from '../../by-hand/message-button.tsx';
import { Age } from '../../parts/age.tsx';
import type { Column } from '../../parts/data-table.tsx';
import { IdChip } from '../../parts/id-chip.tsx';
import { StatusPill } from '../../parts/status-pill.tsx';
import type { Placed } from './tree.ts';

export interface AgentRow {
  agentId: string;
  taskId: string;
  title: string | null;
  parentTaskId: string | null;
  agent: string;
  attempt: number;
  turn: number | null;
  status: string;
  evidence: Evidence;
  signal: string | null;
  branch: string | null;
  living: boolean;
  usage: { inputTokens: number; outputTokens: number; costUsd: number } | null;
  takes: Takes;
}

/** `asOf`: of a view of the past, its moment. */
export function columnsAsOf(asOf: number | null): Column<Placed<AgentRow>>[] {
  return [
    {
      key: 'task',
      title: 'Task',
      width: 'minmax(11rem, 3fr)',
      sort: ({ row }) => row.title,
      render: ({ row }) => (
        <Link
          className="fleet-task"
          href={pathTo('task', [row.taskId], { agent: row.agentId })}
          title={row.title ?? ''}
        >
          {row.title ?? row.taskId}
        </Link>
      ),
    },
    {
      key: 'status',
      title: 'Status',
      width: '7rem',
      sort: ({ row }) => row.status,
      render: ({ row }) => <StatusPill subject="agent" state={row.status} evidence={row.evidence} note={row.signal} />,
    },
    {
      key: 'age',
      title: 'For',
      width: '3.6rem',
      align: 'end',
      sort: ({ row }) => -row.evidence.at,
      render: ({ row }) => <Age at={row.evidence.at} asOf={asOf} />,
    },
    {
      key: 'agent',
      title: 'Agent',
      width: 'minmax(8.5rem, 1fr)',
      sort: ({ row }) => row.agent,
      render: ({ row }) => (
        <>
          {row.agent} <IdChip id={row.agentId} />
        </>
      ),
    },
    {
      key: 'turn',
      title: 'Turn',
      width: '2.2rem',
      align: 'end',
      sort: ({ row }) => row.turn,
      render: ({ row }) => known(row.turn, String),
    },
    {
      key: 'tokens',
      title: 'Tokens',
      width: '3.2rem',
      align: 'end',
      sort: ({ row }) => row.usage && row.usage.inputTokens + row.usage.outputTokens,
      render: ({ row }) => known(row.usage, (usage) => tokens(usage.inputTokens + usage.outputTokens)),
    },
    {
      key: 'cost',
      title: 'Cost',
      width: '3.2rem',
      align: 'end',
      sort: ({ row }) => row.usage && row.usage.costUsd,
      render: ({ row }) => known(row.usage, (usage) => dollars(usage.costUsd)),
    },
    {
      key: 'branch',
      title: 'Worktree',
      width: 'minmax(6.5rem, 1fr)',
      render: ({ row }) => (
        <span className="mono dim" title={row.branch ?? 'not made yet'}>
          {row.branch?.replace(/^heph\/tsk_.*(.{6})$/, 'heph/…$1') ?? '–'}
        </span>
      ),
    },
    {
      key: 'by-hand',
      title: 'By hand',
      width: '12.5rem',
      render: ({ row }) =>
        row.living && (
          <span className="fleet-actions">
            <MessageButton agent={row} taskId={row.taskId} />
            <AgentButtons agent={row} alone />
          </span>
        ),
    },
  ];
}
