import './fleet.css';
import { useMemo } from 'react';
import { go, pathTo, setQuery, useRoute } from '../../app/router.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ViewGate } from '../../parts/view-gate.tsx';
import { useView } from '../../server/use-view.ts';
import { type AgentRow, columnsAsOf } from './columns.tsx';
import { FleetBar, type FleetSummary } from './fleet-bar.tsx';
import { asTree, type Placed } from './tree.ts';

const keyOf = ({ row }: Placed<AgentRow>) => row.agentId;
const depthOf = ({ depth }: Placed<AgentRow>) => depth;
const open = ({ row }: Placed<AgentRow>) => go(pathTo('task', [row.taskId], { agent: row.agentId }));

/** Who works, on what, since when, and at what cost. */
export default function Fleet() {
  const view = useView<AgentRow, FleetSummary>('fleet');
  const { all } = useRoute().query;
  const columns = useMemo(() => columnsAsOf(view.asOf), [view.asOf]);
  const rows = useMemo(() => {
    // Who lives comes first; else in the order in which they began.
    const shown = all ? view.rows.toSorted((a, b) => Number(b.living) - Number(a.living)) : view.rows.filter(isLiving);
    return asTree(shown);
  }, [view.rows, all]);
  const living = useMemo(() => view.rows.filter(isLiving).length, [view.rows]);
  return (
    <ViewGate view={view}>
      <FleetBar
        summary={view.summary}
        living={living}
        ended={view.rows.length - living}
        all={all !== undefined}
        onAll={(wanted) => setQuery({ all: wanted ? '1' : undefined })}
      />
      <DataTable
        label="Agents"
        columns={columns}
        rows={rows}
        rowKey={keyOf}
        depth={depthOf}
        onOpen={open}
        empty={<Nobody ended={view.rows.length - living} />}
      />
    </ViewGate>
  );
}

function isLiving({ living }: AgentRow): boolean {
  return living;
}

function Nobody({ ended }: { ended: number }) {
  if (ended > 0)
    return (
      <EmptyState title="No agent works now">
        <p>Those that worked before are shown with “also ended”.</p>
      </EmptyState>
    );
  return (
    <EmptyState title="No agent has worked yet">
      <p>
        Start a workflow with <code>heph run bugfix --repo . --goal "Make the tests pass"</code>.
      </p>
    </EmptyState>
  );
}
