import type { StreamError } from '../../../src/transport/stream-client/index.ts';
import { Button } from './button.tsx';

/** What the server refused, in its words, where it was asked. */
export function Refusal({ of, onDismiss }: { of: StreamError | null; onDismiss?: () => void }) {
  if (!of) return null;
  return (
    <div className="refusal" role="alert">
      <div>
        <strong>{of.message}</strong> <span>{of.next}</span> <code>{of.code}</code>
      </div>
      {onDismiss && (
        <Button look="quiet" aria-label="Dismiss" onClick={onDismiss}>
          ✕
        </Button>
      )}
    </div>
  );
}
