const CHARS_MAX = 20_000;

/** Anything as text, indented; what is very long is cut and says so. */
export function Json({ value }: { value: unknown }) {
  const text = JSON.stringify(value, null, 2) ?? 'null';
  return (
    <pre className="json" tabIndex={0}>
      {text.length > CHARS_MAX ? `${text.slice(0, CHARS_MAX)}\n… ${text.length - CHARS_MAX} more characters` : text}
    </pre>
  );
}
