import './costs.css';
import { useMemo } from 'react';
import { count, dollars, duration, known, percent, tokens } from '../../../../src/transport/words/index.ts';
import type { Evidence } from '../../app/explained.ts';
import { Link } from '../../app/link.tsx';
import { pathTo, setQuery, useRoute } from '../../app/router.ts';
import { Age } from '../../parts/age.tsx';
import { Button } from '../../parts/button.tsx';
import { Choice } from '../../parts/choice.tsx';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { EvidenceLink } from '../../parts/evidence-link.tsx';
import { Meter } from '../../parts/meter.tsx';
import { ViewGate } from '../../parts/view-gate.tsx';
import { useView } from '../../server/use-view.ts';
import { OverTime } from './over-time.tsx';
import type { Series } from './summed-up.ts';

interface Amounts {
  inputTokens: number | null;
  outputTokens: number | null;
  costUsd: number | null;
  wallMs: number | null;
  tasks: number;
  agents: number;
  agentsSilent: number;
  costUnknown: number;
  evidence: Evidence | null;
}

interface CostRow extends Amounts {
  key: string;
  label: string;
  workflowId?: string;
  taskId?: string | null;
  workflow?: string;
  phase?: string | null;
}

interface CostSummary {
  total: Amounts;
  series: Series | null;
  budget: { costUsdMax: number | null; tokensMax: number | null };
  more: boolean;
  tasksMerged: number;
}

const GROUPS = [
  { key: 'workflow', title: 'Run' },
  { key: 'phase', title: 'Phase' },
  { key: 'task', title: 'Task' },
  { key: 'agent', title: 'Agent' },
  { key: 'model', title: 'Model' },
] as const;

const LIMIT = 500;

/** What was used, by whom, for what, and when; what nobody told is a gap and no nought. */
export default function Costs() {
  const { by: asked, workflow } = useRoute().query;
  const by = GROUPS.find(({ key }) => key === asked)?.key ?? 'workflow';
  const params = { by, limit: LIMIT, ...(workflow && { workflowId: workflow }) };
  const view = useView<CostRow, CostSummary>('cost', params);
  const { total, series, budget, more, tasksMerged } = view.summary;
  const columns = useMemo(() => columnsOf(by, total, view.asOf), [by, total, view.asOf]);
  return (
    <ViewGate view={view}>
      {total && <Totals total={total} budget={budget} />}
      {series && series.buckets.length > 1 && <OverTime series={series} />}
      <div className="facts">
        <Choice
          label="Summed by"
          options={GROUPS}
          value={by}
          onChange={(key) => setQuery({ by: key === 'workflow' ? undefined : key })}
        />
        {workflow && (
          <span className="row">
            <span className="dim">Of one run only</span>
            <Button look="quiet" onClick={() => setQuery({ workflow: undefined })}>
              Show all
            </Button>
          </span>
        )}
        {more && <span className="dim">The dearest {LIMIT} are shown.</span>}
        {by === 'task' && (tasksMerged ?? 0) > 0 && (
          <span className="dim">Tasks of runs that ended long ago are not told apart.</span>
        )}
      </div>
      <DataTable
        label="Costs"
        columns={columns}
        rows={view.rows}
        rowKey={(row) => row.key}
        empty={
          <EmptyState title="No agent has worked yet">
            <p>
              What agents report of their tokens and money stands here. Start a run with{' '}
              <code>heph run bugfix --repo . --goal "Make the tests pass"</code>.
            </p>
          </EmptyState>
        }
      />
    </ViewGate>
  );
}

function Totals({ total, budget }: { total: Amounts; budget: CostSummary['budget'] | undefined }) {
  const { costUsdMax = null, tokensMax = null } = budget ?? {};
  const limits = [
    ...(costUsdMax === null ? [] : [dollars(costUsdMax)]),
    ...(tokensMax === null ? [] : [`${tokens(tokensMax)} tokens`]),
  ];
  return (
    <div className="facts costs-totals">
      <Fact name="Cost">{known(total.costUsd, dollars)}</Fact>
      <Fact name="Input">{known(total.inputTokens, tokens)}</Fact>
      <Fact name="Output">{known(total.outputTokens, tokens)}</Fact>
      <Fact name="Agents’ time">{known(total.wallMs, duration)}</Fact>
      <Fact name="Limit of a run">{limits.length > 0 ? limits.join(', ') : 'none'}</Fact>
      {total.agentsSilent > 0 && (
        <span className="pill tone-unknown" title="What they used is in no sum.">
          <span className="shape" aria-hidden="true">
            ?
          </span>
          {total.agentsSilent} of {count(total.agents, 'agent')} told nothing
        </span>
      )}
      {total.costUnknown > 0 && (
        <span className="pill tone-unknown" title="They told tokens and no money.">
          <span className="shape" aria-hidden="true">
            ?
          </span>
          some cost is not known
        </span>
      )}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: string }) {
  return (
    <span className="fact">
      <span>{name}</span>
      <span>{children}</span>
    </span>
  );
}

function columnsOf(by: string, total: Amounts | undefined, asOf: number | null): Column<CostRow>[] {
  const amount = (
    key: 'inputTokens' | 'outputTokens' | 'wallMs',
    title: string,
    say: (value: number) => string,
  ): Column<CostRow> => ({
    ...{ key, title, width: '5.5rem', align: 'end', sort: (row) => row[key] },
    render: (row) => known(row[key], say),
  });
  return [
    {
      key: 'label',
      title: GROUPS.find(({ key }) => key === by)?.title ?? '',
      width: 'minmax(12rem, 3fr)',
      sort: (row) => row.label,
      render: (row) => <Name by={by} row={row} />,
    },
    {
      key: 'cost',
      title: 'Cost',
      width: '10rem',
      sort: (row) => row.costUsd,
      render: (row) => (
        <Meter
          value={row.costUsd}
          max={total?.costUsd || 1}
          text={known(row.costUsd, dollars)}
          label={`${row.label}: ${shareText(row.costUsd, total?.costUsd)}`}
        />
      ),
    },
    amount('inputTokens', 'Input', tokens),
    amount('outputTokens', 'Output', tokens),
    amount('wallMs', 'Time', duration),
    {
      key: 'agents',
      title: 'Agents',
      width: '8.5rem',
      align: 'end',
      sort: (row) => row.agents,
      render: (row) => (row.agentsSilent > 0 ? `${row.agents}, ${row.agentsSilent} silent` : row.agents),
    },
    {
      key: 'last',
      title: 'Last told',
      width: '5rem',
      align: 'end',
      sort: (row) => row.evidence && row.evidence.at,
      render: (row) => (
        <EvidenceLink evidence={row.evidence} title={`what ${row.label} used`}>
          <Age at={row.evidence?.at} asOf={asOf} />
        </EvidenceLink>
      ),
    },
  ];
}

function shareText(part: number | null, all: number | null | undefined): string {
  return part === null || !all ? 'share not known' : `${percent(part / all)} of the cost`;
}

function Name({ by, row }: { by: string; row: CostRow }) {
  if (by === 'workflow' && row.workflowId)
    return (
      <>
        <Link href={pathTo('workflows', [row.workflowId])}>{row.label}</Link>{' '}
        <Button look="quiet" onClick={() => setQuery({ by: 'task', workflow: row.workflowId })}>
          its tasks
        </Button>
      </>
    );
  if (row.taskId) return <Link href={pathTo('task', [row.taskId])}>{row.label}</Link>;
  return (
    <>
      {row.label} {by === 'phase' && <span className="dim">{row.workflow}</span>}
    </>
  );
}
