import { dollars, duration, known, tokens } from '../../../../src/transport/words/index.ts';
import { Link } from '../../app/link.tsx';
import { pathTo } from '../../app/router.ts';
import { Age } from '../../parts/age.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { IdChip } from '../../parts/id-chip.tsx';
import { StatusPill } from '../../parts/status-pill.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { ViewGate } from '../../parts/view-gate.tsx';
import { serverNow } from '../../server/clock.ts';
import { useView } from '../../server/use-view.ts';
import { About } from './about.tsx';
import { Result } from './result.tsx';
import type { RunSummary, TaskRow } from './rows.ts';
import { RunButtons } from './run-buttons.tsx';
import { TasksMeter } from './run-list.tsx';
import { TaskTree } from './task-tree.tsx';

/** One run: its phases, the tasks as its agents grew them, what it came to. */
export function Run({ workflowId }: { workflowId: string }) {
  const view = useView<TaskRow, RunSummary>('workflow', { workflowId });
  const run = view.summary;
  if (view.state !== 'loading' && view.state !== 'failed' && run.workflowId === null)
    return (
      <EmptyState title={view.state === 'past' ? 'This run had not begun yet' : 'There is no such run'}>
        <Link href={pathTo('workflows')}>See all runs</Link>
      </EmptyState>
    );
  return (
    <ViewGate view={view}>
      <Head workflowId={workflowId} run={run as RunSummary} asOf={view.asOf} />
      <Phases of={run.phases ?? []} />
      <Tabs
        label="Of the run"
        parameter="tab"
        tabs={[
          { key: 'tasks', title: `Tasks ${view.rows.length}`, render: () => <TaskTree view={view} /> },
          { key: 'result', title: 'Result', render: () => <Result run={run as RunSummary} /> },
          { key: 'about', title: 'About', render: () => <About run={run as RunSummary} /> },
        ]}
      />
    </ViewGate>
  );
}

function Head({ workflowId, run, asOf }: { workflowId: string; run: RunSummary; asOf: number | null }) {
  const { definition, goal, status, evidence, reason, runnerGone, counts, usage, startedAt, endedAt, bestOfNId } = run;
  return (
    <div className="run-head">
      <div className="row">
        <h2 className="run-goal">{goal}</h2>
        <span className="grow" />
        <RunButtons workflowId={workflowId} run={run} />
      </div>
      <div className="run-facts">
        <StatusPill subject="workflow" state={status} evidence={evidence} note={reason} />
        <span title={definition.title}>{definition.name}</span>
        <IdChip id={workflowId} />
        <TasksMeter counts={counts} />
        <span>
          {endedAt === null ? (
            <>
              for <Age at={startedAt} asOf={asOf} />
            </>
          ) : (
            <>
              took {duration(endedAt - startedAt)}, ended <Age at={endedAt} asOf={asOf ?? serverNow()} /> ago
            </>
          )}
        </span>
        <span title="Input and output tokens, as the agents report them">
          {known(usage, (used) => `${tokens(used.inputTokens + used.outputTokens)} tokens, ${dollars(used.costUsd)}`)}
        </span>
        {bestOfNId && <Link href={pathTo('best-of-n', [bestOfNId])}>its candidates</Link>}
        <Link href={pathTo('checks', [], { workflow: workflowId })}>its checks</Link>
        <Link href={pathTo('costs', [], { by: 'task', workflow: workflowId })}>its costs</Link>
      </div>
      {(runnerGone ?? reason) && <p className="run-reason">{runnerGone ?? reason}</p>}
    </div>
  );
}

function Phases({ of }: { of: RunSummary['phases'] }) {
  return (
    <ol className="phases" aria-label="Phases">
      {of.map(({ name, goal, status, rounds }) => (
        <li key={name} className="phase" title={goal}>
          <span className="phase-name">{name}</span>
          <StatusPill subject="phase" state={status} evidence={rounds.at(-1)?.evidence} />
          {rounds.length > 1 && <span className="dim">round {rounds.length}</span>}
        </li>
      ))}
    </ol>
  );
}
