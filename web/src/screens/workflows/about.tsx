import { Json } from '../../parts/json.tsx';
import type { RunSummary } from './rows.ts';

/** What was settled when the run was started. */
export function About({ run }: { run: RunSummary }) {
  const { repository, runBranch, agent, check, merge, params, definition } = run;
  const facts: [string, string][] = [
    ['Repository', repository.path],
    ['Base branch', `${repository.baseBranch} at ${repository.baseCommit.slice(0, 10)}`],
    ['Branch of the run', runBranch],
    ['Agent', agent],
    ['Check', check ?? 'none'],
    ['Merged when green', merge ? 'yes' : 'no'],
    ['Rounds at most', String(definition.rounds_max)],
  ];
  return (
    <div className="prose">
      <dl className="about">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt className="dim">{name}</dt>
            <dd className="mono">{value}</dd>
          </div>
        ))}
      </dl>
      <h3>Parameters</h3>
      {Object.keys(params).length > 0 ? <Json value={params} /> : <p className="dim">None.</p>}
    </div>
  );
}
