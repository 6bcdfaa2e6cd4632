import './task.css';
import { lazy, Suspense } from 'react';
import { Link } from '../../app/link.tsx';
import { pathTo, useRoute } from '../../app/router.ts';
import { useTitle } from '../../app/title.ts';
import { AgentButtons } from '../../by-hand/agent-buttons.tsx';
import { MessageButton, type Takes } from '../../by-hand/message-button.tsx';
import { TaskButtons } from '../../by-hand/task-buttons.tsx';
import { Age } from '../../parts/age.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { IdChip } from '../../parts/id-chip.tsx';
import { StatusPill } from '../../parts/status-pill.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { NARROW, useMedia } from '../../parts/use-media.ts';
import { ViewGate } from '../../parts/view-gate.tsx';
import { useView } from '../../server/use-view.ts';
import type { View } from '../../server/view-registry.ts';
import { History } from './history.tsx';
import { Inspector } from './inspector.tsx';
import { type AttemptRow, ofKind, type TaskRow, type TaskSummary } from './types.ts';

const Terminal = lazy(() => import('../../terminal/terminal.tsx'));
const Diff = lazy(() => import('../../diff/diff.tsx'));

/** One task: its agent’s terminal, what it changes, how it was judged, and everything that happened. */
export default function TaskScreen() {
  const [taskId] = useRoute().rest;
  const view = useView<TaskRow, TaskSummary>(taskId ? 'task' : null, { taskId });
  if (!taskId)
    return (
      <EmptyState title="Which task?">
        <p>
          Open one from <Link href={pathTo('fleet')}>the fleet</Link>, or find it by its name with Ctrl+K.
        </p>
      </EmptyState>
    );
  return (
    <ViewGate view={view}>
      {view.summary.taskId ? (
        <Task task={view.summary as TaskSummary} view={view} />
      ) : (
        <EmptyState title="There is no such task here">
          <p>
            {view.state === 'past' ? 'It had not been created at that position.' : 'Its id may be mistyped.'}{' '}
            <IdChip id={taskId} />
          </p>
        </EmptyState>
      )}
    </ViewGate>
  );
}

type TaskView = View<TaskRow, TaskSummary>;

interface Living {
  agentId: string;
  agent: string;
  living: boolean;
  takes: Takes;
}

function Task({ task, view }: { task: TaskSummary; view: TaskView }) {
  const narrow = useMedia('(max-width: 1000px)');
  const phone = useMedia(NARROW);
  const { agent: wanted } = useRoute().query;
  useTitle(task.title);
  const { rows, asOf } = view;
  const attempts = ofKind(rows, 'attempt');
  const attempt = attempts.find(({ agentId }) => agentId !== null && agentId === wanted) ?? attempts.at(-1);
  const fleet = useView<Living>('fleet', { workflowId: task.workflowId });
  const agent = fleet.byKey[attempt?.agentId ?? ''] ?? null;
  const inspector = <Inspector task={task} rows={rows} asOf={asOf} />;
  return (
    <div className="task">
      <header className="task-head">
        <div className="row">
          <StatusPill subject="task" state={task.status} evidence={task.evidence} note={task.reason} />
          <Age at={task.evidence.at} asOf={asOf} />
          <IdChip id={task.taskId ?? ''} />
          {!phone && <Place task={task} attempt={attempt} />}
          <span className="grow" />
          <MessageButton agent={agent?.living ? agent : null} taskId={task.taskId ?? ''} />
          {agent?.living && <AgentButtons agent={agent} />}
          <TaskButtons taskId={task.taskId ?? ''} status={task.status} boosted={task.boosted} />
        </div>
      </header>
      <div className="task-body">
        <Tabs
          label="Of this task"
          parameter="tab"
          tabs={[
            {
              key: 'terminal',
              title: 'Terminal',
              render: () => <TerminalOf attempt={attempt} living={agent?.living ?? false} task={task} />,
            },
            {
              key: 'diff',
              title: 'Diff',
              render: () => (
                <Suspense fallback={<div className="loading" />}>
                  <Diff taskId={task.taskId ?? ''} again={`${task.status} ${ofKind(rows, 'turn').length}`} />
                </Suspense>
              ),
            },
            ...(narrow ? [{ key: 'about', title: 'About', render: () => inspector }] : []),
            { key: 'history', title: 'History', render: () => <History rows={rows} asOf={asOf} /> },
          ]}
        />
        {!narrow && inspector}
      </div>
    </div>
  );
}

function Place({ task, attempt }: { task: TaskSummary; attempt: AttemptRow | undefined }) {
  return (
    <span className="dim">
      {task.phase}
      {attempt?.agent && `, ${attempt.agent}`}
      {task.attempt > 0 && `, attempt ${task.attempt} of ${task.attemptsMax}`}
      {task.round > 0 && `, round ${task.round} of ${task.roundsMax}`}
    </span>
  );
}

function TerminalOf({
  attempt,
  living,
  task,
}: {
  attempt: AttemptRow | undefined;
  living: boolean;
  task: TaskSummary;
}) {
  if (!attempt)
    return (
      <EmptyState title="No agent has begun with it">
        {task.waits.map(({ code, text }) => (
          <p key={code + text}>{text}</p>
        ))}
      </EmptyState>
    );
  if (attempt.agentId === null)
    return (
      <EmptyState title="The server does this task itself">
        <p>There is no terminal. Its history says what was done.</p>
      </EmptyState>
    );
  return (
    <Suspense fallback={<div className="loading" />}>
      <Terminal agentId={attempt.agentId} living={living} />
    </Suspense>
  );
}
