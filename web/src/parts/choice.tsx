/** One of a few, side by side. By keyboard as any group of radio buttons: the arrows choose. */
export function Choice<K extends string>({
  label,
  options,
  value,
  onChange,
}: {
  /** What is chosen, for who cannot see it. */
  label: string;
  options: readonly { key: K; title: string; note?: string }[];
  value: K;
  onChange(key: K): void;
}) {
  return (
    <fieldset className="choice">
      <legend className="visually-hidden">{label}</legend>
      {options.map(({ key, title, note }) => (
        <label key={key} className={`choice-option ${key === value ? 'chosen' : ''}`}>
          <input
            type="radio"
            className="visually-hidden"
            name={label}
            checked={key === value}
            onChange={() => onChange(key)}
          />
          {title}
          {note !== undefined && <span className="dim">{note}</span>}
        </label>
      ))}
    </fieldset>
  );
}
