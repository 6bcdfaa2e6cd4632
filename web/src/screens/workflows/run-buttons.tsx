import { setQuery } from '../../app/router.ts';
import { Button } from '../../parts/button.tsx';
import { CommandButton } from '../../parts/command-button.tsx';
import { usePast } from '../../server/moment.ts';
import { PAST_REASON } from '../../server/use-command.ts';
import { NewTask } from './new-task.tsx';
import type { RunSummary } from './rows.ts';

/** What a person can do about a run, as it stands. */
export function RunButtons({ workflowId, run }: { workflowId: string; run: RunSummary }) {
  const { status, delivery, runBranch, definition } = run;
  const past = usePast() === null ? null : PAST_REASON;
  const shown = { view: 'workflow', params: { workflowId } };
  const input = { workflowId };
  const open = status === 'active' || status === 'paused';
  return (
    <span className="row">
      <NewTask workflowId={workflowId} run={run} goes={open} />
      {status === 'active' && (
        <CommandButton
          command="pause_workflow"
          input={input}
          shown={shown}
          title="No further task starts; agents go on"
        >
          Pause
        </CommandButton>
      )}
      {status === 'paused' && (
        <CommandButton command="resume_workflow" input={input} shown={shown} look="primary">
          Resume
        </CommandButton>
      )}
      {open && (
        <CommandButton
          command="cancel_workflow"
          input={input}
          shown={shown}
          look="danger"
          confirm={`Cancel the run? Its agents are stopped and its open tasks cancelled; ${runBranch} is kept.`}
        >
          Cancel
        </CommandButton>
      )}
      {!open && (
        <Button onClick={() => setQuery({ new: definition.name, from: workflowId })} disabledReason={past}>
          Start again
        </Button>
      )}
      {delivery?.base === 'moved' && (
        <CommandButton
          command="revert_workflow"
          input={input}
          look="danger"
          confirm={`Take everything that this run merged out of ${delivery.baseBranch} again? That is a merge of its own, and is checked.`}
        >
          Revert
        </CommandButton>
      )}
    </span>
  );
}
