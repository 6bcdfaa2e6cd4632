import { count } from '../../../../src/transport/words/index.ts';
import type { Evidence } from '../../app/explained.ts';
import { CommandButton } from '../../parts/command-button.tsx';
import { EvidenceLink } from '../../parts/evidence-link.tsx';
import { Meter } from '../../parts/meter.tsx';
import { StatusPill } from '../../parts/status-pill.tsx';
import { useView } from '../../server/use-view.ts';

export interface FleetSummary {
  /** How many agents are in each state. */
  counts: Record<string, number>;
  slots: { used: number; cap: number };
  fleet: { status: string; reason: string; evidence: Evidence | null };
  stoppedAgents: { agent: string; reason: string; evidence: Evidence }[];
  runners: { runnerId: string; status: string; agents: number; evidence: Evidence }[];
}

const FLEET = { view: 'fleet' };
const RATE_LIMITED = 'live.rate_limited';

/** What holds for the whole fleet: slots, the line before them, runners, and what a person can do to all. */
export function FleetBar({
  summary,
  living,
  ended,
  all,
  onAll,
}: {
  summary: Partial<FleetSummary>;
  living: number;
  ended: number;
  all: boolean;
  onAll(wanted: boolean): void;
}) {
  const { slots, fleet, counts = {}, runners = [], stoppedAgents = [] } = summary;
  const limited = counts[RATE_LIMITED] ?? 0;
  const queue = useView<{ running: boolean }>('queue');
  const waiting = queue.rows.filter(({ running }) => !running).length;
  return (
    <div className="facts">
      <span className="fact">
        <span>Fleet</span>
        <StatusPill subject="fleet" state={fleet?.status ?? 'open'} evidence={fleet?.evidence} note={fleet?.reason} />
      </span>
      <span className="fact">
        <span>Slots</span>
        {slots ? (
          <Meter value={slots.used} max={slots.cap} text={`${slots.used} of ${slots.cap}`} label="Slots in use" />
        ) : (
          '–'
        )}
      </span>
      <span className="fact">
        <span>In line</span>
        <span>{queue.position === null ? '–' : waiting}</span>
      </span>
      {limited > 0 && (
        <span className="fact">
          <StatusPill subject="agent" state={RATE_LIMITED} />
          <span>{limited}</span>
        </span>
      )}
      {runners.map(({ runnerId, status, agents, evidence }) => (
        <span className="fact" key={runnerId}>
          <span>Runner</span>
          {runnerId}
          {/* Of the only one nobody records whether it is well: its agents say so themselves. */}
          {status !== 'unknown' && <StatusPill subject="runner" state={status} evidence={evidence} />}
          <span className="dim">{count(agents, 'agent')}</span>
        </span>
      ))}
      {stoppedAgents.map(({ agent, reason, evidence }) => (
        <span className="fact tone-attention toned" key={agent} title={reason}>
          <EvidenceLink evidence={evidence} title={`${agent} is stopped`}>
            ! {agent} starts no more
          </EvidenceLink>
        </span>
      ))}
      <span className="grow" />
      <label>
        <input type="checkbox" checked={all} onChange={(event) => onAll(event.target.checked)} />
        also ended ({ended})
      </label>
      {fleet?.status === 'open' ? (
        <CommandButton command="pause_fleet" input={{}} shown={FLEET}>
          Pause
        </CommandButton>
      ) : (
        <CommandButton command="resume_fleet" input={{}} shown={FLEET}>
          Resume
        </CommandButton>
      )}
      <CommandButton
        command="stop_all"
        input={{}}
        shown={FLEET}
        look="danger"
        confirm={`${count(living, 'agent')} will be stopped, and none starts until the fleet is resumed. Their work so far is kept.`}
        disabledReason={living === 0 && fleet?.status === 'stopped' ? 'Nobody works, and nobody starts.' : null}
      >
        Stop all
      </CommandButton>
    </div>
  );
}
