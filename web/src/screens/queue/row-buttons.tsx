import { Popover } from 'radix-ui';
import { CommandButton } from '../../parts/command-button.tsx';
import { Refusal } from '../../parts/refusal.tsx';
import { useCommand } from '../../server/use-command.ts';
import { nextPriority, PRIORITIES, type Priority, type QueueRow, whyNoPriority, whyNotForward } from './row.ts';

const SHOWN = { view: 'queue' };

/** What a person can do about one open task. `data-key`: the key that presses it while its row has the focus. */
export function RowButtons({ row }: { row: QueueRow }) {
  const { taskId, title, agentId } = row;
  return (
    <span className="row-buttons">
      {row.running ? (
        <CommandButton
          command="stop_agent"
          input={{ agentId }}
          shown={SHOWN}
          confirm={`Stop the agent of “${title}”? The task is tried again as the limits allow.`}
          look="quiet"
          data-key="S"
          disabledReason={agentId === null ? 'The server itself is at it.' : null}
        >
          Stop
        </CommandButton>
      ) : (
        <CommandButton
          command="boost_task"
          input={{ taskId }}
          shown={SHOWN}
          look="quiet"
          data-key="B"
          disabledReason={whyNotForward(row)}
        >
          Boost
        </CommandButton>
      )}
      <CommandButton
        command="cancel_task"
        input={{ taskId }}
        shown={SHOWN}
        confirm={`Cancel “${title}”? What is done of it is kept, and nobody goes on with it.`}
        look="quiet"
        data-key="X"
      >
        Cancel
      </CommandButton>
    </span>
  );
}

export function PriorityChoice({ row }: { row: QueueRow }) {
  const { send, busy, refusal, dismiss, disabledReason } = useCommand('set_task_priority', SHOWN);
  const { taskId, priority } = row;
  const reason = whyNoPriority(row) ?? disabledReason;
  const set = (wanted: Priority | null) =>
    wanted && !busy && reason === null && void send({ taskId, priority: wanted });
  if (reason !== null)
    return (
      <span className="dim" title={reason}>
        {priority}
      </span>
    );
  return (
    <Popover.Root open={refusal !== null} onOpenChange={(open) => !open && dismiss()}>
      <Popover.Anchor asChild>
        <select
          className="priority"
          aria-label={`Priority of ${row.title}`}
          aria-busy={busy || undefined}
          value={priority}
          onChange={(event) => set(event.target.value as Priority)}
        >
          {PRIORITIES.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </Popover.Anchor>
      <button
        type="button"
        hidden
        tabIndex={-1}
        data-key="+"
        aria-label="Raise the priority"
        onClick={() => set(nextPriority(priority, -1))}
      />
      <button
        type="button"
        hidden
        tabIndex={-1}
        data-key="-"
        aria-label="Lower the priority"
        onClick={() => set(nextPriority(priority, 1))}
      />
      {refusal !== null && (
        <Popover.Portal>
          <Popover.Content className="popover" sideOffset={6} collisionPadding={8} aria-label="Refused">
            <Refusal of={refusal} onDismiss={dismiss} />
          </Popover.Content>
        </Popover.Portal>
      )}
    </Popover.Root>
  );
}
