import { useId, useMemo, useState } from 'react';
import { go, pathTo, setQuery } from '../../app/router.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Refusal } from '../../parts/refusal.tsx';
import { useCommand } from '../../server/use-command.ts';
import { useQuery } from '../../server/use-query.ts';
import { useView } from '../../server/use-view.ts';
import { FieldInput } from './field-input.tsx';
import {
  type Definition,
  type Earlier,
  fieldOfRefusal,
  fieldsOf,
  inputOf,
  type Listed,
  problemsOf,
  startValues,
  type Values,
  valuesOf,
} from './launch-fields.ts';

const close = () => setQuery({ new: undefined, from: undefined });

/**
 * Starts a run of the template that the address names with `new`, or of one that is chosen here. `from`: a run that this one
 * is to be like.
 */
export function Launch({ wanted, from }: { wanted: string; from: string | undefined }) {
  const earlier = useView<object, Earlier & { workflowId: string | null }>(from ? 'workflow' : null, {
    workflowId: from,
  });
  const known = from === undefined || earlier.state !== 'loading';
  const { state, result, failure } = useQuery<{ definitions: Listed[] }>('list_workflow_definitions', {});
  const [chosen, choose] = useState<string | null>(null);
  const definitions = result?.definitions ?? [];
  const whole = definitions.filter((one): one is Extract<Listed, { definition: unknown }> => 'definition' in one);
  const one = [chosen, wanted].map((name) => whole.find((known) => known.name === name)).find(Boolean) ?? whole[0];
  const selectId = useId();
  return (
    <Dialog open onClose={close} title="Start a workflow">
      {state === 'loading' && <div className="loading" role="status" aria-label="Loading" />}
      <Refusal of={failure} />
      {state === 'ready' && !one && (
        <EmptyState title="No workflow can be started">
          <p>
            Each is a folder under <code>phases/</code> of the data directory.
          </p>
        </EmptyState>
      )}
      {one && known && (
        <>
          <div className="form-field">
            <label htmlFor={selectId}>Workflow</label>
            <select id={selectId} className="input" value={one.name} onChange={(event) => choose(event.target.value)}>
              {whole.map(({ name, definition }) => (
                <option key={name} value={name}>
                  {name}: {definition.title}
                </option>
              ))}
            </select>
            <p className="form-help">{one.definition.description}</p>
            <p className="form-help">Phases: {one.definition.phases.map(({ name }) => name).join(' → ')}</p>
          </div>
          <LaunchForm
            key={one.name}
            name={one.name}
            definition={one.definition}
            earlier={earlier.summary.workflowId ? (earlier.summary as Earlier) : null}
          />
        </>
      )}
      {definitions.map((listed) =>
        'broken' in listed ? (
          <p key={listed.name} className="form-broken">
            <strong>{listed.name}</strong> cannot be started: {listed.broken.message}
          </p>
        ) : null,
      )}
    </Dialog>
  );
}

function LaunchForm({ name, definition, earlier }: { name: string; definition: Definition; earlier: Earlier | null }) {
  const fields = useMemo(() => fieldsOf(definition), [definition]);
  const [values, setValues] = useState<Values>(() => (earlier ? valuesOf(earlier, fields) : startValues(fields)));
  const [tried, setTried] = useState(false);
  const { send, busy, refusal, dismiss, disabledReason } = useCommand('start_workflow', { view: 'workflow' });
  const known = useSuggestions();
  const problems = tried ? problemsOf(fields, values) : {};
  const refusedAt = refusal && fieldOfRefusal(refusal, fields);
  const listId = useId();

  const start = async () => {
    setTried(true);
    if (busy || disabledReason !== null || Object.keys(problemsOf(fields, values)).length > 0) return;
    const started = await send(inputOf(name, fields, values));
    if (started) go(pathTo('workflows', [started.id]));
  };

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) void start();
      }}
    >
      <div className="form-grid">
        {fields.map((field, n) => (
          <FieldInput
            key={field.name}
            field={field}
            first={n === 0}
            value={values[field.name] ?? ''}
            problem={problems[field.name] ?? (refusedAt === field.name ? `${refusal?.message} ${refusal?.next}` : null)}
            list={field.name === 'repository' ? `${listId}-r` : field.kind === 'agent' ? `${listId}-a` : undefined}
            onChange={(value) => {
              setValues((before) => ({ ...before, [field.name]: value }));
              if (refusedAt === field.name) dismiss();
            }}
          />
        ))}
      </div>
      <datalist id={`${listId}-r`}>
        {known.repositories.map((path) => (
          <option key={path} value={path} />
        ))}
      </datalist>
      <datalist id={`${listId}-a`}>
        {known.agents.map((agent) => (
          <option key={agent} value={agent} />
        ))}
      </datalist>
      {refusal && refusedAt === null && <Refusal of={refusal} onDismiss={dismiss} />}
      <div className="row end form-end">
        <Button look="quiet" onClick={close}>
          Cancel
        </Button>
        <Button
          look="primary"
          type="submit"
          aria-busy={busy || undefined}
          disabledReason={disabledReason ?? (busy ? 'It is on its way.' : null)}
          title="Ctrl+Enter"
        >
          Start
        </Button>
      </div>
    </form>
  );
}

/** Repositories that runs were on, the newest first, and every agent that can be named. */
function useSuggestions() {
  const runs = useView<{ repository: string; startedAt: number }>('workflow');
  const config = useView<object, { agents: { agent: string }[] }>('config');
  return useMemo(() => {
    const newest = runs.rows.toSorted((a, b) => b.startedAt - a.startedAt).map(({ repository }) => repository);
    return {
      repositories: [...new Set(newest)],
      agents: (config.summary.agents ?? []).map(({ agent }) => agent),
    };
  }, [runs.rows, config.summary.agents]);
}
