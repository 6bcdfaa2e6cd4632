import { useMemo } from 'react';
import { count, duration, percent, signalWord, stateWord, troubleWord } from '../../../../src/transport/words/index.ts';
import { Link } from '../../app/link.tsx';
import { pathTo } from '../../app/router.ts';
import { Age } from '../../parts/age.tsx';
import { Chart } from '../../parts/chart.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { EvidenceLink } from '../../parts/evidence-link.tsx';
import { IdChip } from '../../parts/id-chip.tsx';
import { Meter } from '../../parts/meter.tsx';
import { StatusPill } from '../../parts/status-pill.tsx';
import { ViewGate } from '../../parts/view-gate.tsx';
import { serverNow } from '../../server/clock.ts';
import { useView } from '../../server/use-view.ts';
import { gapsIn, lineOf } from './line.ts';
import { Score } from './score.tsx';
import type { CoherenceRow, CoherenceSummary, SignalRow, WarningRow } from './types.ts';

const RANGE = [0, 1] as const;
const CHART_PX = 170;

/** One agent: its score over time, what each signal rests on, and its warnings with what followed. */
export function AgentDetail({ agentId }: { agentId: string }) {
  const view = useView<CoherenceRow, CoherenceSummary>('coherence', { agentId });
  const row = view.byKey[agentId];
  return (
    <section className="coherence-detail" aria-label="The chosen agent">
      <ViewGate view={view}>
        {row ? (
          <Detail row={row} asOf={view.asOf} />
        ) : (
          <EmptyState title="Nothing is known of this agent here">
            <p>It was never looked at, it ended long ago, or its id is mistyped.</p>
          </EmptyState>
        )}
      </ViewGate>
    </section>
  );
}

function Detail({ row, asOf }: { row: CoherenceRow; asOf: number | null }) {
  const { agentId, taskId, agent, phase, status, evidence, score, why, verdictEvidence, measuredAt, warnings } = row;
  return (
    <>
      <header className="coherence-head">
        <h2>
          {agent ?? stateWord('agent', status).word} <IdChip id={agentId} />
        </h2>
        <span className="grow" />
        <Link href={pathTo('coherence')} className="button quiet">
          Close
        </Link>
      </header>
      <div className="coherence-part">
        <div className="coherence-line">
          <Score score={score} evidence={verdictEvidence} why={why} />
          <StatusPill subject="agent" state={status} evidence={evidence} />
          {phase && <span className="dim">{phase}</span>}
          {taskId && <Link href={pathTo('task', [taskId], { agent: agentId })}>Its task</Link>}
        </div>
        <p>{why}</p>
        {measuredAt !== null && (
          <p className="dim">
            Last verdict <Age at={measuredAt} asOf={asOf} /> ago
          </p>
        )}
      </div>
      <ScoreChart row={row} asOf={asOf} />
      <div className="coherence-part">
        <h3>Signals</h3>
        {row.signals.length === 0 ? (
          <p className="dim">Nothing was measured yet.</p>
        ) : (
          <ul className="signals">
            {row.signals.map((signal) => (
              <Signal key={signal.name} signal={signal} evidence={verdictEvidence} />
            ))}
          </ul>
        )}
      </div>
      <div className="coherence-part">
        <h3>Warnings</h3>
        {warnings.length === 0 ? (
          <p className="dim">None so far.</p>
        ) : (
          <ol className="warnings">
            {warnings.toReversed().map((warning) => (
              <Warning key={warning.evidence.eventId} warning={warning} asOf={asOf} />
            ))}
          </ol>
        )}
      </div>
    </>
  );
}

function ScoreChart({ row, asOf }: { row: CoherenceRow; asOf: number | null }) {
  const { series, living, knownUntil } = row;
  const line = useMemo(() => {
    const now = asOf ?? serverNow();
    return lineOf(series, living && knownUntil !== null ? Math.min(now, knownUntil) : null);
  }, [series, living, knownUntil, asOf]);
  const lines = useMemo(() => [{ name: 'Coherence', values: line.values, tone: 'busy' as const }], [line]);
  if (line.times.length === 0) return null;
  const gaps = gapsIn(line);
  return (
    <div className="coherence-part">
      <h3>Over time</h3>
      <Chart
        label="Coherence of this agent over time"
        times={line.times}
        series={lines}
        range={RANGE}
        height={CHART_PX}
        say={percent}
      />
      {gaps > 0 && <p className="dim">{count(gaps, 'gap')}: nobody measured there, or nothing could be.</p>}
    </div>
  );
}

function Signal({
  signal: { name, trouble, why, weight },
  evidence,
}: {
  signal: SignalRow;
  evidence: WarningRow['evidence'] | null;
}) {
  const { word, tone, shape } = troubleWord(trouble);
  const known = trouble === null || trouble === 0 ? word : `${percent(trouble)} ${word}`;
  return (
    <li>
      <div className="signal-head">
        <span className="signal-name">{signalWord(name)}</span>
        <EvidenceLink evidence={evidence} title={`${signalWord(name)}: ${why}`}>
          <span className={`toned tone-${tone}`}>
            <span className="shape" aria-hidden="true">
              {shape}
            </span>{' '}
            {known}
          </span>
        </EvidenceLink>
        <span className="grow" />
        <span className="signal-amount" title="How much trouble there is, and how much that counts in the score">
          <Meter value={trouble} text={`× ${weight}`} label={`Trouble by ${signalWord(name)}`} tone={tone} />
        </span>
      </div>
      <p className="dim">{why}</p>
    </li>
  );
}

function Warning({
  warning: { warning, reason, since, stopAfterMs, evidence, followed },
  asOf,
}: {
  warning: WarningRow;
  asOf: number | null;
}) {
  const stop = stopAfterMs === null ? '' : ` It is stopped when that lasts for ${duration(stopAfterMs)}.`;
  return (
    <li>
      <div className="signal-head">
        <EvidenceLink evidence={evidence} title={`Warned of ${signalWord(warning)}`}>
          <span className={`toned tone-${followed ? 'ended' : 'attention'}`}>
            <span className="shape" aria-hidden="true">
              {followed ? '–' : '!'}
            </span>{' '}
            {signalWord(warning)}
          </span>
        </EvidenceLink>
        <span className="grow" />
        <span className="dim">
          <Age at={since} asOf={asOf} /> ago
        </span>
      </div>
      <p>{reason}</p>
      {followed ? (
        <p className="dim">
          Then:{' '}
          <EvidenceLink evidence={followed.evidence} title="What followed">
            {followed.text}
          </EvidenceLink>
        </p>
      ) : (
        <p className="dim">It still holds.{stop}</p>
      )}
    </li>
  );
}
