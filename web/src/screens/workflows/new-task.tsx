import { useId, useState } from 'react';
import { setQuery, useRoute } from '../../app/router.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Refusal } from '../../parts/refusal.tsx';
import { useCommand } from '../../server/use-command.ts';
import { PRIORITIES } from '../queue/row.ts';
import { FieldInput } from './field-input.tsx';
import type { Field } from './launch-fields.ts';
import type { RunSummary } from './rows.ts';

const close = () => setQuery({ task: undefined });

/** A task that a person adds to a run; the form is open while the address has `task`. `goes`: whether the run still goes on. */
export function NewTask({ workflowId, run, goes }: { workflowId: string; run: RunSummary; goes: boolean }) {
  const isOpen = useRoute().query.task !== undefined;
  const { send, busy, refusal, dismiss, disabledReason } = useCommand('create_task', {
    view: 'workflow',
    params: { workflowId },
  });
  if (!goes)
    return isOpen ? (
      <Dialog open onClose={close} title="New task" description="This run has ended and takes no task any more.">
        <div className="row end form-end">
          <Button onClick={() => setQuery({ task: undefined, new: run.definition.name, from: workflowId })}>
            Start one like it
          </Button>
        </div>
      </Dialog>
    ) : null;
  return (
    <>
      <Button onClick={() => setQuery({ task: 'new' })} disabledReason={disabledReason} title="c">
        New task
      </Button>
      {isOpen && (
        <Dialog
          open
          onClose={() => {
            dismiss();
            close();
          }}
          title="New task"
          description="It goes into the queue of this run, and its work is judged and merged as that of the others."
        >
          <Form
            run={run}
            reason={disabledReason ?? (busy ? 'It is on its way.' : null)}
            onSend={async (input) => {
              if (await send({ workflowId, ...input })) close();
            }}
          />
          <Refusal of={refusal} onDismiss={dismiss} />
        </Dialog>
      )}
    </>
  );
}

const TITLE: Field = { name: 'title', label: 'Title', kind: 'text', start: '', required: true, help: '' };
const DESCRIPTION: Field = {
  ...{ name: 'description', label: 'What is to be done', kind: 'long', start: '', required: false },
  help: 'The agent reads it, and the run’s goal.',
};
const AGENT: Field = {
  ...{ name: 'agent', label: 'Agent', kind: 'agent', start: '', required: false },
  help: 'Left empty: the phase’s.',
};

function Form({
  run,
  reason,
  onSend,
}: {
  run: RunSummary;
  reason: string | null;
  onSend(input: Record<string, string>): Promise<void>;
}) {
  const begun = run.phases.findLast(({ status }) => status === 'started') ?? run.phases[0];
  const [title, setTitle] = useState('');
  const [description, setDescription] = useState('');
  const [phase, setPhase] = useState(begun?.name ?? '');
  const [priority, setPriority] = useState('medium');
  const [agent, setAgent] = useState('');
  const [tried, setTried] = useState(false);
  const id = useId();
  const submit = () => {
    setTried(true);
    if (reason !== null || title.trim() === '') return;
    const named = agent.trim();
    void onSend({ title: title.trim(), description, phase, priority, ...(named && { agent: named }) });
  };
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) submit();
      }}
    >
      <div className="form-grid">
        <FieldInput
          field={TITLE}
          first
          value={title}
          problem={tried && title.trim() === '' ? 'This is needed.' : null}
          onChange={(value) => setTitle(String(value))}
        />
        <FieldInput field={AGENT} value={agent} problem={null} onChange={(value) => setAgent(String(value))} />
        <FieldInput
          field={DESCRIPTION}
          value={description}
          problem={null}
          onChange={(value) => setDescription(String(value))}
        />
        <div className="form-field">
          <label htmlFor={`${id}-phase`}>Phase</label>
          <select id={`${id}-phase`} className="input" value={phase} onChange={(event) => setPhase(event.target.value)}>
            {run.phases.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </div>
        <div className="form-field">
          <label htmlFor={`${id}-priority`}>Priority</label>
          <select
            id={`${id}-priority`}
            className="input"
            value={priority}
            onChange={(event) => setPriority(event.target.value)}
          >
            {PRIORITIES.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </div>
      </div>
      <div className="row end form-end">
        <Button look="quiet" onClick={close}>
          Cancel
        </Button>
        <Button look="primary" type="submit" disabledReason={reason} title="Ctrl+Enter">
          Create
        </Button>
      </div>
    </form>
  );
}
