import { useMemo } from 'react';
import { scoreText } from '../../../../src/transport/words/index.ts';
import { Link } from '../../app/link.tsx';
import { go, pathTo } from '../../app/router.ts';
import { Age } from '../../parts/age.tsx';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { IdChip } from '../../parts/id-chip.tsx';
import { StatusPill } from '../../parts/status-pill.tsx';
import { ViewGate } from '../../parts/view-gate.tsx';
import { useView } from '../../server/use-view.ts';
import type { RunRow } from './types.ts';

const LIMIT = 500;

/** Every best-of-N, the newest first. */
export function Runs() {
  const view = useView<RunRow>('builds', { show: 'runs', limit: LIMIT });
  const columns = useMemo(() => columnsAsOf(view.asOf), [view.asOf]);
  return (
    <ViewGate view={view}>
      <DataTable
        label="Best of N"
        columns={columns}
        rows={view.rows}
        rowKey={(row) => row.bestOfNId}
        onOpen={(row) => go(pathTo('best-of-n', [row.bestOfNId]))}
        empty={
          <EmptyState title="There is no best-of-N yet">
            <p>
              Several agents try one goal, each in its own way, and the best result is taken:{' '}
              <code>heph best-of 3 "Make the tests pass" --repo .</code>
            </p>
          </EmptyState>
        }
      />
    </ViewGate>
  );
}

function columnsAsOf(asOf: number | null): Column<RunRow>[] {
  return [
    {
      key: 'goal',
      title: 'Goal',
      width: 'minmax(14rem, 3fr)',
      sort: (row) => row.goal,
      render: (row) => (
        <>
          <Link href={pathTo('best-of-n', [row.bestOfNId])}>{row.goal}</Link> <IdChip id={row.bestOfNId} />
        </>
      ),
    },
    {
      key: 'status',
      title: 'Status',
      width: '8rem',
      sort: (row) => row.status,
      render: (row) => <StatusPill subject="bestOfN" state={row.status} evidence={row.evidence} note={row.words} />,
    },
    {
      key: 'candidates',
      title: 'Candidates',
      width: 'minmax(9rem, 1fr)',
      sort: (row) => row.n,
      render: ({ n, candidates }) => {
        const each = Object.entries(candidates).map(([status, count]) => `${count} ${status}`);
        return `${n}${each.length > 0 ? `: ${each.join(', ')}` : ''}`;
      },
    },
    {
      key: 'winner',
      title: 'Winner',
      width: '9rem',
      sort: (row) => row.winner,
      render: ({ winner, total }) =>
        winner === null ? '–' : `variant ${winner}${total === null ? '' : `, ${scoreText(total)}`}`,
    },
    { key: 'agents', title: 'Agents', width: 'minmax(7rem, 1fr)', render: (row) => row.agents.join(', ') },
    {
      key: 'age',
      title: 'Begun',
      width: '5rem',
      align: 'end',
      sort: (row) => row.startedAt,
      render: (row) => <Age at={row.startedAt} asOf={asOf} />,
    },
  ];
}
