import { type FormEvent, useId, useState } from 'react';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Refusal } from '../../parts/refusal.tsx';
import { useCommand } from '../../server/use-command.ts';
import { textOf, typedAs, valueOf } from './setting-value.ts';
import { type SettingRow, Source } from './source.tsx';

/** One setting, to be read and changed; what refuses a change is shown beside the field. */
export function EditSetting({ setting, onClose }: { setting: SettingRow; onClose(): void }) {
  const { path, type, meaning, variable, value, source, beneath } = setting;
  const before = textOf(value, type);
  const [text, setText] = useState(before);
  const [problem, setProblem] = useState<string | null>(null);
  const { send, busy, refusal, dismiss, disabledReason } = useCommand('set_config', { view: 'config' });
  const field = useId();
  const isSet = (source?.source === 'set' && source.path === path) || beneath !== null;

  const change = async (to: unknown) => {
    if (await send({ changes: { [path]: to } })) onClose();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const typed = valueOf(text, type);
    setProblem('problem' in typed ? typed.problem : null);
    if ('value' in typed && disabledReason === null && !busy) void change(typed.value);
  };

  return (
    <Dialog open onClose={onClose} title={path} description={meaning}>
      <form className="edit-setting" onSubmit={submit}>
        <label htmlFor={field}>
          Value <span className="dim">({type})</span>
        </label>
        <Field id={field} type={type} text={text} onText={setText} isWrong={problem !== null || refusal !== null} />
        {problem !== null && (
          <p className="refusal" role="alert">
            {problem}
          </p>
        )}
        <Refusal of={refusal} onDismiss={dismiss} />
        <dl className="server-facts">
          <div>
            <dt>Now</dt>
            <dd className="mono">{JSON.stringify(value) ?? '–'}</dd>
          </div>
          <div>
            <dt>Set by</dt>
            <dd>
              <Source source={source} asOf={null} />
            </dd>
          </div>
          <div>
            <dt>Default</dt>
            <dd className="mono">{JSON.stringify(setting.default)}</dd>
          </div>
          <div>
            <dt>Variable</dt>
            <dd className="mono">{variable}</dd>
          </div>
        </dl>
        {source?.source === 'start' && (
          <p className="notice">
            It was given when the server was started, by <code>{variable}</code>; that goes before what is set here.
          </p>
        )}
        <div className="row end">
          {isSet && (
            <Button
              disabledReason={disabledReason ?? (busy ? 'It is on its way.' : null)}
              onClick={() => void change(null)}
            >
              Back to the default
            </Button>
          )}
          <Button
            type="submit"
            look="primary"
            aria-busy={busy || undefined}
            disabledReason={
              disabledReason ?? (busy ? 'It is on its way.' : text === before ? 'It has this value.' : null)
            }
          >
            Set
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface FieldProps {
  id: string;
  type: string;
  text: string;
  onText(text: string): void;
  isWrong: boolean;
}

function Field({ id, type, text, onText, isWrong }: FieldProps) {
  const typed = typedAs(type);
  const common = { id, className: 'input', value: text, 'aria-invalid': isWrong || undefined };
  if (typed.kind === 'choice')
    return (
      <select {...common} onChange={({ target }) => onText(target.value)}>
        {typed.choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    );
  if (typed.kind === 'json')
    return (
      <textarea
        {...common}
        className="input mono"
        rows={Math.min(16, Math.max(3, text.split('\n').length + 1))}
        spellCheck={false}
        onChange={({ target }) => onText(target.value)}
      />
    );
  return (
    <input
      {...common}
      inputMode={typed.kind === 'number' ? 'decimal' : 'text'}
      autoComplete="off"
      spellCheck={false}
      onChange={({ target }) => onText(target.value)}
    />
  );
}
