import { useId, useState } from 'react';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Refusal } from '../parts/refusal.tsx';
import { useCommand } from '../server/use-command.ts';

/** An operator says that a run has come to its result, and what it is; it is then judged by the template's criteria. */
export function SubmitResult({ workflowId }: { workflowId: string }) {
  const [open, setOpen] = useState(false);
  const [summary, setSummary] = useState('');
  const field = useId();
  const shown = { view: 'workflow', params: { workflowId } };
  const { send, busy, refusal, dismiss, disabledReason } = useCommand('submit_result', shown);
  const close = () => {
    setOpen(false);
    dismiss();
  };
  const submit = async () => {
    if (summary.trim() && !busy && (await send({ workflowId, summary }))) setOpen(false);
  };
  return (
    <>
      <Button look="primary" disabledReason={disabledReason} onClick={() => setOpen(true)}>
        Submit the result
      </Button>
      <Dialog
        open={open}
        onClose={close}
        title="Submit the result"
        description="What is merged on the run’s branch is judged by the template’s criteria; what is accepted is delivered."
      >
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
        >
          <label htmlFor={field}>What the run has come to</label>
          <textarea
            id={field}
            className="input"
            rows={6}
            value={summary}
            onChange={(event) => setSummary(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) void submit();
            }}
          />
          <Refusal of={refusal} />
          <div className="row end">
            <Button onClick={close}>Cancel</Button>
            <Button
              type="submit"
              look="primary"
              disabledReason={summary.trim() ? (busy ? 'It is on its way.' : null) : 'Say first what it is.'}
            >
              Submit
            </Button>
          </div>
        </form>
      </Dialog>
    </>
  );
}
