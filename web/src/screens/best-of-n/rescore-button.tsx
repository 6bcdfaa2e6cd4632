import { type FormEvent, useState } from 'react';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Refusal } from '../../parts/refusal.tsx';
import { useCommand } from '../../server/use-command.ts';
import type { Contest } from './types.ts';

/** Asks who would have won by another score. The first verdict stands. */
export function RescoreButton({ contest }: { contest: Contest }) {
  const [open, setOpen] = useState(false);
  const { bestOfNId, status, score } = contest;
  const { send, busy, refusal, dismiss, disabledReason } = useCommand('rescore_best_of_n', {
    view: 'best-of-n',
    params: { bestOfNId },
  });
  const judged = status === 'completed' || status === 'failed';
  const close = () => {
    dismiss();
    setOpen(false);
  };
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const text = String(given.get('score') ?? '').trim();
    if (await send({ bestOfNId, ...(text && { score: text }), measure: given.get('measure') !== null })) close();
  };
  return (
    <>
      <Button
        disabledReason={disabledReason ?? (judged ? null : 'It has had no verdict yet.')}
        onClick={() => setOpen(true)}
      >
        Rescore
      </Button>
      <Dialog
        open={open}
        onClose={close}
        title="Who would have won?"
        description="Past candidates are judged again; no agent runs, and the first verdict stands."
      >
        <form className="rescore" onSubmit={(event) => void submit(event)}>
          <label className="rescore-field">
            What counts how much
            <input className="input mono" name="score" defaultValue={score} autoComplete="off" spellCheck={false} />
          </label>
          <label>
            <input type="checkbox" name="measure" /> measure anew what has a recorded score
          </label>
          <Refusal of={refusal} onDismiss={dismiss} />
          <div className="row end">
            <Button look="quiet" onClick={close}>
              Cancel
            </Button>
            <Button
              type="submit"
              look="primary"
              aria-busy={busy || undefined}
              disabledReason={busy ? 'It is on its way.' : null}
            >
              Rescore
            </Button>
          </div>
        </form>
      </Dialog>
    </>
  );
}
