import { useState } from 'react';
import { bytes, count, known, stateWord } from '../../../../src/transport/words/index.ts';
import type { Evidence } from '../../app/explained.ts';
import { Age } from '../../parts/age.tsx';
import { Button } from '../../parts/button.tsx';
import { Refusal } from '../../parts/refusal.tsx';
import { StatusPill } from '../../parts/status-pill.tsx';
import { usePast } from '../../server/moment.ts';
import { useQuery } from '../../server/use-query.ts';
import { useView } from '../../server/use-view.ts';

interface Health {
  status: string;
  version: string;
  nodeVersion: string;
  pid: number;
  startedAt: number;
  dataDirectory?: string;
  logBytes?: number | null;
  position: string;
}

interface Finding {
  what: string;
  level: 'ok' | 'note' | 'warning' | 'error';
  text: string;
  next: string | null;
}

interface Diagnosis {
  findings: readonly Finding[];
  problems: number;
  warnings: number;
  asOf: number;
}

interface FleetSummary {
  runners: { runnerId: string; host?: string; status: string; agents: number; evidence: Evidence }[];
}

const LEVELS = ['error', 'warning', 'note', 'ok'];

export function ServerTab() {
  const [asked, setAsked] = useState(0);
  const health = useQuery<Health>('health_check', {}, asked);
  const diagnosis = useQuery<Diagnosis>('diagnose', {}, asked);
  const fleet = useView<object, FleetSummary>('fleet');
  const past = usePast();
  const isLooking = health.state === 'loading' || diagnosis.state === 'loading';
  return (
    <div className="settings-page">
      {past !== null && (
        <p className="notice" role="status">
          This is of now: how a server is and what its machine lacks is not recorded. The runners are of the past.
        </p>
      )}
      <section aria-labelledby="server-title">
        <h2 id="server-title">Server</h2>
        <Refusal of={health.failure} />
        {health.result && <ServerFacts health={health.result} />}
        <h3>Runners</h3>
        {fleet.state !== 'loading' && (fleet.summary.runners ?? []).length === 0 && (
          <p className="dim">No agent has worked yet, so nothing was heard of a runner.</p>
        )}
        <ul className="runners">
          {(fleet.summary.runners ?? []).map(({ runnerId, host, status, agents, evidence }) => (
            <li key={runnerId}>
              <span className="mono">{runnerId}</span>
              {host !== undefined && <span className="dim">{host}</span>}
              <StatusPill subject="runner" state={status} evidence={evidence} />
              <span className="dim">
                {count(agents, 'agent')}, last heard of <Age at={evidence.at} asOf={fleet.asOf} /> ago
              </span>
            </li>
          ))}
        </ul>
      </section>
      <section aria-labelledby="doctor-title" aria-busy={isLooking || undefined}>
        <div className="row">
          <h2 id="doctor-title">Doctor</h2>
          <span className="dim">{diagnosis.result ? verdictOf(diagnosis.result) : ''}</span>
          <span className="grow" />
          <Button onClick={() => setAsked((times) => times + 1)} disabledReason={isLooking ? 'It is looking.' : null}>
            Look again
          </Button>
        </div>
        <Refusal of={diagnosis.failure} />
        {isLooking && !diagnosis.result && <p className="dim">Looking at the machine …</p>}
        <ul className="findings">
          {diagnosis.result?.findings
            .toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level))
            .map((finding) => (
              <FindingItem key={`${finding.what} ${finding.text}`} finding={finding} />
            ))}
        </ul>
        <p className="dim">
          What concerns a repository, <code>heph doctor</code> tells in it.
        </p>
      </section>
    </div>
  );
}

function verdictOf({ problems, warnings }: Diagnosis): string {
  if (problems > 0) return `${count(problems, 'problem')} to solve`;
  return warnings > 0 ? `Nothing is in the way; ${count(warnings, 'warning')}` : 'Nothing is in the way';
}

function ServerFacts({ health }: { health: Health }) {
  const { status, version, nodeVersion, pid, startedAt, dataDirectory, logBytes, position } = health;
  const facts: [string, React.ReactNode][] = [
    ['Health', <StatusPill key="health" subject="health" state={status} />],
    ['Version', version],
    ['Node', nodeVersion],
    ['Process', pid],
    ['Runs for', <Age key="age" at={startedAt} />],
    [
      'Data directory',
      <span key="data" className="mono">
        {dataDirectory ?? '–'}
      </span>,
    ],
    ['Log', `${known(logBytes, bytes)}${logBytes === null ? ' (in an event store)' : ''}, position ${position}`],
    [
      'Address',
      <span key="url" className="mono">
        {location.origin}
      </span>,
    ],
    ['Tokens', 'never shown here; heph token prints yours'],
  ];
  return (
    <dl className="server-facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function FindingItem({ finding: { what, level, text, next } }: { finding: Finding }) {
  const { word, tone, shape } = stateWord('finding', level);
  return (
    <li className={`finding ${level}`}>
      <span className={`pill tone-${tone}`}>
        <span className="shape" aria-hidden="true">
          {shape}
        </span>
        {word}
      </span>
      <span className="finding-what">{what}</span>
      <span className="finding-text">
        {text}
        {next !== null && <span className="finding-next">→ {next}</span>}
      </span>
    </li>
  );
}
