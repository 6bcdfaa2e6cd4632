import { useId, useState } from 'react';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Refusal } from '../parts/refusal.tsx';
import { useCommand } from '../server/use-command.ts';

/** What a person can say to an agent while it works. */
export interface Takes {
  messages: 'none' | 'line' | 'paste';
  interrupt: 'none' | 'escape' | 'ctrl_c';
}

/**
 * Says something: to the agent where it reads while it works, else to whoever works on the task next. The dialog tells which.
 */
export function MessageButton({ agent, taskId }: { agent: { agentId: string; takes: Takes } | null; taskId: string }) {
  const [open, setOpen] = useState(false);
  const [text, setText] = useState('');
  const field = useId();
  const now = agent !== null && agent.takes.messages !== 'none';
  const shown = now ? { view: 'fleet' } : { view: 'task', params: { taskId } };
  const { send, busy, refusal, dismiss, disabledReason } = useCommand(now ? 'message_agent' : 'message_task', shown);
  const close = () => {
    setOpen(false);
    dismiss();
  };
  const submit = async () => {
    const target = now && agent ? { agentId: agent.agentId } : { taskId };
    if (!(await send({ ...target, text }))) return;
    setText('');
    setOpen(false);
  };
  return (
    <>
      <Button disabledReason={disabledReason} onClick={() => setOpen(true)}>
        Message
      </Button>
      {open && (
        <Dialog
          open
          onClose={close}
          title="Message"
          description={
            now
              ? 'It is typed into the agent’s terminal, once. What became of it is recorded.'
              : 'This agent reads nothing while it works: the message stands in the prompt of each further attempt.'
          }
        >
          <form
            className="form"
            onSubmit={(event) => {
              event.preventDefault();
              void submit();
            }}
          >
            <label htmlFor={field} className="visually-hidden">
              What to say
            </label>
            <textarea
              id={field}
              className="input"
              rows={6}
              maxLength={4_000}
              value={text}
              onChange={(event) => setText(event.target.value)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey)) return;
                event.preventDefault();
                if (text.trim()) void submit();
              }}
            />
            <Refusal of={refusal} />
            <div className="row end">
              <span className="dim">Ctrl+Enter sends</span>
              <Button onClick={close}>Cancel</Button>
              <Button
                type="submit"
                look="primary"
                disabledReason={text.trim() ? (busy ? 'It is on its way.' : null) : 'There is nothing to say yet.'}
              >
                Send
              </Button>
            </div>
          </form>
        </Dialog>
      )}
    </>
  );
}
