import { CommandButton } from '../parts/command-button.tsx';

const ENDED = ['done', 'failed', 'cancelled', 'duplicated'];
const RESTARTS = ['done', 'failed'];
const WAITS = ['pending', 'blocked', 'queued'];

/** What a person can do to a task, whatever its agent does. */
export function TaskButtons({ taskId, status, boosted }: { taskId: string; status: string; boosted: boolean }) {
  const input = { taskId };
  const shown = { view: 'task', params: { taskId } };
  const ended = ENDED.includes(status);
  return (
    <>
      {WAITS.includes(status) && (
        <CommandButton
          command="boost_task"
          input={input}
          shown={shown}
          disabledReason={boosted ? 'It is first in line already.' : null}
        >
          Boost
        </CommandButton>
      )}
      {ended ? (
        <CommandButton
          command="restart_task"
          input={input}
          shown={shown}
          disabledReason={RESTARTS.includes(status) ? null : 'Only what is done or has failed is done again.'}
        >
          Restart task
        </CommandButton>
      ) : (
        <CommandButton
          command="cancel_task"
          input={input}
          shown={shown}
          look="danger"
          confirm="The task ends without a result, and its agent with it. What the agent has done so far is kept."
        >
          Cancel task
        </CommandButton>
      )}
    </>
  );
}
