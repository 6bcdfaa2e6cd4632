import { useId } from 'react';
import type { Field } from './launch-fields.ts';

/** One question of a form, with its help and with what is wrong about the answer. */
export function FieldInput({
  field,
  value,
  problem,
  list,
  first = false,
  onChange,
}: {
  field: Field;
  value: string | boolean;
  problem: string | null;
  /** The id of a list of what is known. */
  list?: string | undefined;
  /** The cursor is here when the form appears. */
  first?: boolean;
  onChange(value: string | boolean): void;
}) {
  const id = useId();
  const { label, kind, required, help } = field;
  const said = {
    id,
    'aria-invalid': problem !== null || undefined,
    'aria-required': required || undefined,
    'aria-describedby': problem || help ? `${id}-words` : undefined,
  };
  const text = {
    ...said,
    className: 'input',
    value: String(value),
    onChange: (event: { target: { value: string } }) => onChange(event.target.value),
  };
  const wide = kind === 'long' || kind === 'boolean' || field.name === 'repository' ? 'form-field wide' : 'form-field';
  const words = (problem || help) && (
    <p id={`${id}-words`} className={problem ? 'form-problem' : 'form-help'}>
      {problem ?? help}
    </p>
  );
  if (kind === 'boolean')
    return (
      <div className={wide}>
        <label>
          <input
            {...said}
            type="checkbox"
            checked={value === true}
            onChange={(event) => onChange(event.target.checked)}
          />
          {label}
        </label>
        {words}
      </div>
    );
  return (
    <div className={wide}>
      <label htmlFor={id}>
        {label}
        {required && <span aria-hidden="true"> *</span>}
      </label>
      {kind === 'long' ? (
        <textarea {...text} rows={3} />
      ) : (
        <input
          {...text}
          type="text"
          inputMode={kind === 'number' ? 'numeric' : undefined}
          list={list}
          autoFocus={first}
          spellCheck={false}
          autoComplete="off"
          className={kind === 'command' || field.name === 'repository' ? 'input mono' : 'input'}
        />
      )}
      {words}
    </div>
  );
}
