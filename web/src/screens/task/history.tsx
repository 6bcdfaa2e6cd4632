import { dollars, duration, stateWord, tokens } from '../../../../src/transport/words/index.ts';
import type { Evidence } from '../../app/explained.ts';
import { setQuery } from '../../app/router.ts';
import { Age } from '../../parts/age.tsx';
import { Button } from '../../parts/button.tsx';
import { EvidenceLink } from '../../parts/evidence-link.tsx';
import { IdChip } from '../../parts/id-chip.tsx';
import { StatusPill } from '../../parts/status-pill.tsx';
import { type AttemptRow, ofKind, type TaskRow } from './types.ts';

/** Every attempt with its end, and all that came to pass in order. */
export function History({ rows, asOf }: { rows: readonly TaskRow[]; asOf: number | null }) {
  const attempts = ofKind(rows, 'attempt');
  return (
    <div className="history">
      {attempts.length > 0 && (
        <section>
          <h2>Attempts</h2>
          {attempts.toReversed().map((attempt) => (
            <Attempt key={attempt.attempt} attempt={attempt} asOf={asOf} />
          ))}
        </section>
      )}
      <section>
        <h2>What happened</h2>
        <ol className="bare-list">
          {happened(rows).map(({ key, evidence, what, took }) => (
            <li key={key} className="happened">
              <span className="dim">
                <Age at={evidence.at} asOf={asOf} />
              </span>
              <span>
                <EvidenceLink evidence={evidence} title={what}>
                  {what}
                </EvidenceLink>
                {took !== null && <span className="dim"> for {duration(took)}</span>}
              </span>
            </li>
          ))}
        </ol>
      </section>
    </div>
  );
}

function Attempt({ attempt, asOf }: { attempt: AttemptRow; asOf: number | null }) {
  const { agentId, usage } = attempt;
  return (
    <article className="judged">
      <p className="row">
        <strong>Attempt {attempt.attempt}</strong>
        {attempt.agentStatus && <StatusPill subject="agent" state={attempt.agentStatus} evidence={attempt.evidence} />}
        <span className="dim">
          {attempt.agent} {agentId && <IdChip id={agentId} />} {duration(attempt.durationMs)}
          {usage && `, ${tokens(usage.inputTokens + usage.outputTokens)} tokens, ${dollars(usage.costUsd)}`},{' '}
          <Age at={attempt.evidence.at} asOf={asOf} /> ago
        </span>
        {agentId && (
          <Button look="quiet" onClick={() => setQuery({ agent: agentId, tab: undefined })}>
            Show its terminal
          </Button>
        )}
      </p>
      {attempt.submitted && <p>{attempt.submitted.summary}</p>}
      {attempt.failure && (
        <p className="tone-bad toned">
          {attempt.failure.reason} <code className="dim">{attempt.failure.code}</code>
        </p>
      )}
    </article>
  );
}

interface Happened {
  key: string;
  evidence: Evidence;
  what: string;
  took: number | null;
}

/** In the order of the log, newest first. */
function happened(rows: readonly TaskRow[]): Happened[] {
  return rows
    .flatMap((row): Happened[] => {
      const at = { key: `${row.kind} ${row.evidence.position}`, evidence: row.evidence, took: null };
      if (row.kind === 'state') return [{ ...at, what: sentence(row.status), took: row.durationMs }];
      if (row.kind === 'progress') return [{ ...at, what: row.message }];
      if (row.kind === 'round') return [{ ...at, what: `Round ${row.round ?? ''}: ${row.words}` }];
      if (row.kind === 'turn') return [{ ...at, what: `Kept what turn ${row.turn} left` }];
      return [];
    })
    .toSorted((a, b) => Number(BigInt(b.evidence.position) - BigInt(a.evidence.position)));
}

function sentence(status: string): string {
  const text = stateWord('task', status).word;
  return text.charAt(0).toUpperCase() + text.slice(1);
}
