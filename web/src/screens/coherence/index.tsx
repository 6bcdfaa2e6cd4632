import './coherence.css';
import { useMemo } from 'react';
import { age, count, percent, signalWord } from '../../../../src/transport/words/index.ts';
import { Link } from '../../app/link.tsx';
import { go, pathTo, setQuery, useRoute } from '../../app/router.ts';
import { Age } from '../../parts/age.tsx';
import { Chart } from '../../parts/chart.tsx';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { EvidenceLink } from '../../parts/evidence-link.tsx';
import { IdChip } from '../../parts/id-chip.tsx';
import { StatusPill } from '../../parts/status-pill.tsx';
import { ViewGate } from '../../parts/view-gate.tsx';
import { serverNow } from '../../server/clock.ts';
import { useView } from '../../server/use-view.ts';
import { AgentDetail } from './agent-detail.tsx';
import { gapsIn, lineOf } from './line.ts';
import { Score } from './score.tsx';
import { Spark } from './spark.tsx';
import type { CoherenceRow, CoherenceSummary } from './types.ts';

const RANGE = [0, 1] as const;
const CHART_PX = 120;

/** Whether the agents still do what they were given, from what was measured; unknown where nothing was. */
export default function Coherence() {
  const view = useView<CoherenceRow, CoherenceSummary>('coherence');
  const { rest, query } = useRoute();
  const [chosen] = rest;
  const { all } = query;
  const rows = useMemo(() => {
    const shown = all ? view.rows : view.rows.filter(({ living }) => living);
    return shown.toSorted((one, other) => Number(other.living) - Number(one.living) || worse(one) - worse(other));
  }, [view.rows, all]);
  const columns = useMemo(() => columnsAsOf(view.asOf, chosen !== undefined), [view.asOf, chosen]);
  return (
    <ViewGate view={view}>
      <div className={`coherence ${chosen ? 'has-detail' : ''}`}>
        <div className="coherence-all">
          <Facts
            summary={view.summary}
            ended={view.rows.filter(({ living }) => !living).length}
            all={all !== undefined}
          />
          <SystemChart summary={view.summary} asOf={view.asOf} />
          <DataTable
            label="Agents by coherence"
            columns={columns}
            rows={rows}
            rowKey={(row) => row.agentId}
            selected={chosen ?? null}
            onOpen={(row) => go(pathTo('coherence', [row.agentId], { all }))}
            empty={<Nothing isAny={view.rows.length > 0} intervalMs={view.summary.settings?.intervalMs ?? null} />}
          />
        </div>
        {chosen && <AgentDetail agentId={chosen} />}
      </div>
    </ViewGate>
  );
}

/** The least coherent first; of whom nothing is known comes before those who are well. */
const worse = ({ score }: CoherenceRow) => score ?? 0.8;

function Facts({ summary, ended, all }: { summary: Partial<CoherenceSummary>; ended: number; all: boolean }) {
  const { score = null, living = 0, measured = 0, warnings = 0, settings } = summary;
  return (
    <div className="facts">
      <span className="fact">
        <span>All together</span>
        <Score score={score} why={`The mean over ${count(measured, 'agent')} of which something is known`} />
      </span>
      <span className="fact">
        <span>Measured</span>
        <span>
          {measured} of {count(living, 'agent')}
        </span>
      </span>
      <span className="fact">
        <span>Warnings</span>
        <span className={warnings > 0 ? 'toned tone-attention' : undefined}>
          {warnings > 0 && <span aria-hidden="true">! </span>}
          {warnings > 0 ? `${warnings} open` : 'none'}
        </span>
      </span>
      <span className="fact">
        <span>Looked at</span>
        <span>{!settings ? '–' : settings.intervalMs === 0 ? 'never' : `every ${age(settings.intervalMs)}`}</span>
      </span>
      <span className="grow" />
      <label>
        <input type="checkbox" checked={all} onChange={() => setQuery({ all: all ? undefined : '1' })} /> also ended (
        {ended})
      </label>
    </div>
  );
}

/** The system’s line: the mean over the agents of which something was known, broken where of none was. */
function SystemChart({ summary, asOf }: { summary: Partial<CoherenceSummary>; asOf: number | null }) {
  const { series = [], score = null } = summary;
  const line = useMemo(() => lineOf(series, score === null ? null : (asOf ?? serverNow())), [series, score, asOf]);
  const lines = useMemo(() => [{ name: 'All agents', values: line.values, tone: 'busy' as const }], [line]);
  if (line.times.length === 0) return null;
  const gaps = gapsIn(line);
  return (
    <div className="coherence-part">
      <h3>
        All agents over time{' '}
        {gaps > 0 && <span className="dim">{count(gaps, 'gap')}: no agent lived, or nobody measured</span>}
      </h3>
      <Chart
        label="Coherence of all agents over time"
        times={line.times}
        series={lines}
        range={RANGE}
        height={CHART_PX}
        say={percent}
      />
    </div>
  );
}

function Nothing({ isAny, intervalMs }: { isAny: boolean; intervalMs: number | null }) {
  if (intervalMs === 0)
    return (
      <EmptyState title="No agent is looked at">
        <p>
          <code>guardian.intervalMs</code> is 0. Set it with{' '}
          <code>heph config set {`'{"guardian.intervalMs": 30000}'`}</code>.
        </p>
      </EmptyState>
    );
  return (
    <EmptyState title={isAny ? 'No agent works now' : 'Nothing was measured yet'}>
      <p>
        <Link href={pathTo('workflows', [], { new: '1' })}>Start a workflow</Link>: each agent that works for longer
        than a moment is looked at, and comes here.
      </p>
    </EmptyState>
  );
}

/** Beside one agent there is room for what tells the others from it. */
const BESIDE_ONE = ['agent', 'score', 'line', 'warned'];

function columnsAsOf(asOf: number | null, besideOne: boolean): Column<CoherenceRow>[] {
  const columns: Column<CoherenceRow>[] = [
    {
      key: 'agent',
      title: 'Agent',
      width: 'minmax(9.5rem, 1fr)',
      sort: (row) => row.agent,
      render: (row) => (
        <>
          {row.agent ?? 'unknown'} <IdChip id={row.agentId} />
        </>
      ),
    },
    {
      key: 'score',
      title: 'Coherence',
      width: '9.5rem',
      sort: (row) => row.score,
      render: (row) => (
        <span className="wide">
          <Score score={row.score} evidence={row.verdictEvidence} why={row.why} />
        </span>
      ),
    },
    {
      key: 'line',
      title: 'Over time',
      width: '8rem',
      render: (row) => <Spark row={row} until={row.living && row.score !== null ? (asOf ?? serverNow()) : null} />,
    },
    {
      key: 'warned',
      title: 'Warned of',
      width: 'minmax(10rem, 1.4fr)',
      sort: (row) => openOf(row).length,
      render: (row) => (
        <span className="wide">
          <WarnedOf row={row} />
        </span>
      ),
    },
    {
      key: 'why',
      title: 'Why',
      width: 'minmax(9rem, 2fr)',
      render: (row) => (
        <span className="wide dim" title={row.why}>
          {row.why}
        </span>
      ),
    },
    {
      key: 'status',
      title: 'Status',
      width: '7rem',
      sort: (row) => row.status,
      render: (row) => <StatusPill subject="agent" state={row.status} evidence={row.evidence} />,
    },
    {
      key: 'measured',
      title: 'Verdict',
      width: '4rem',
      align: 'end',
      sort: (row) => row.measuredAt,
      render: (row) => <Age at={row.measuredAt} asOf={asOf} />,
    },
  ];
  return besideOne ? columns.filter(({ key }) => BESIDE_ONE.includes(key)) : columns;
}

const openOf = ({ warnings }: CoherenceRow) => warnings.filter(({ followed }) => followed === null);

function WarnedOf({ row }: { row: CoherenceRow }) {
  const [first, ...others] = openOf(row);
  if (!first) return <span className="dim">–</span>;
  const { warning, evidence, reason } = first;
  const more = others.map((other) => signalWord(other.warning)).join(', ');
  return (
    <>
      <EvidenceLink evidence={evidence} title={`Warned of ${signalWord(warning)}: ${reason}`}>
        <span className="toned tone-attention">
          <span aria-hidden="true">!</span> {signalWord(warning)}
        </span>
      </EvidenceLink>
      {more !== '' && (
        <span className="dim" title={more}>
          {' '}
          +{others.length}
        </span>
      )}
    </>
  );
}
