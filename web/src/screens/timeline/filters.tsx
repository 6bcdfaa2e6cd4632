import { useEffect, useId, useState } from 'react';
import { setQuery, useRoute } from '../../app/router.ts';
import { Button } from '../../parts/button.tsx';
import { shortId } from '../../parts/format.ts';
import { useView } from '../../server/use-view.ts';

/** What the address says that is to be shown; the names are those of the view's parameters, but for `type`. */
export interface Filters {
  text?: string;
  type?: string;
  workflowId?: string;
  taskId?: string;
  agentId?: string;
  stream?: string;
  actor?: string;
}

const NAMES = ['text', 'type', 'workflowId', 'taskId', 'agentId', 'stream', 'actor'] as const;
const MORE = {
  taskId: ['Task', 'tsk_…'],
  agentId: ['Agent', 'agt_…'],
  stream: ['Stream', 'task-tsk_…'],
  actor: ['Who', 'operator, agent:…'],
} as const;
const TYPING_MS = 300;

export function useFilters(): Filters {
  const { query } = useRoute();
  return Object.fromEntries(NAMES.flatMap((name) => (query[name] ? [[name, query[name]]] : [])));
}

/** As the view takes them. */
export function paramsOf({ type, ...filters }: Filters): Record<string, unknown> {
  const types = type?.split(/[\s,]+/).filter(Boolean) ?? [];
  return { ...filters, ...(types.length > 0 && { types }) };
}

/** `types`: those that are loaded, to choose from. */
export function FilterBar({ types }: { types: readonly string[] }) {
  const filters = useFilters();
  const [isMore, setMore] = useState(Object.keys(MORE).some((name) => name in filters));
  const typeList = useId();
  const workflows = useView<{ workflowId: string; title: string; goal: string }>('workflow');
  return (
    <search className="filters" aria-label="Filter the events">
      <Field name="text" label="Text" value={filters.text} placeholder="in a sentence, a type, a stream, a name" />
      <Field name="type" label="Type" value={filters.type} placeholder="TaskMerged, …" list={typeList} />
      <datalist id={typeList}>
        {types.map((type) => (
          <option key={type} value={type} />
        ))}
      </datalist>
      <label className="filter">
        <span>Workflow</span>
        <select
          className="input"
          value={filters.workflowId ?? ''}
          onChange={({ target }) => setQuery({ workflowId: target.value || undefined })}
        >
          <option value="">all</option>
          {filters.workflowId !== undefined && !workflows.byKey[filters.workflowId] && (
            <option value={filters.workflowId}>{shortId(filters.workflowId)}</option>
          )}
          {workflows.rows.map(({ workflowId, title, goal }) => (
            <option key={workflowId} value={workflowId}>
              {title}: {goal.slice(0, 60)} ({shortId(workflowId)})
            </option>
          ))}
        </select>
      </label>
      {isMore &&
        Object.entries(MORE).map(([name, [label, placeholder]]) => (
          <Field
            key={name}
            name={name as keyof Filters}
            label={label}
            value={filters[name as keyof Filters]}
            placeholder={placeholder}
          />
        ))}
      <div className="row">
        <Button look="quiet" aria-expanded={isMore} onClick={() => setMore(!isMore)}>
          {isMore ? 'Fewer filters' : 'More filters'}
        </Button>
        {Object.keys(filters).length > 0 && <Button onClick={clearFilters}>Clear</Button>}
      </div>
    </search>
  );
}

export function clearFilters(): void {
  setQuery(Object.fromEntries(NAMES.map((name) => [name, undefined])));
}

interface FieldProps {
  name: keyof Filters;
  label: string;
  value: string | undefined;
  placeholder: string;
  list?: string;
}

/** What is typed counts when the typing pauses. */
function Field({ name, label, value = '', placeholder, list }: FieldProps) {
  const [typed, setTyped] = useState(value);
  const [known, setKnown] = useState(value);
  // The address was changed by somebody else: a link, or the button that clears it.
  if (known !== value) {
    setKnown(value);
    setTyped(value);
  }
  useEffect(() => {
    const wanted = typed.trim();
    if (wanted === value) return;
    const timer = setTimeout(() => setQuery({ [name]: wanted || undefined }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, value, name]);
  return (
    <label className="filter">
      <span>{label}</span>
      <input
        className="input"
        type="search"
        value={typed}
        placeholder={placeholder}
        list={list}
        spellCheck={false}
        autoComplete="off"
        onChange={({ target }) => setTyped(target.value)}
      />
    </label>
  );
}
