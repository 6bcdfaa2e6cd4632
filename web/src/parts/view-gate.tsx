import type { ReactNode } from 'react';
import type { View } from '../server/view-registry.ts';
import { EmptyState } from './empty-state.tsx';
import { Refusal } from './refusal.tsx';

type Gated = Pick<View, 'state' | 'failure' | 'degraded'>;

/** Shows what a view holds once there is something; says so while it loads, when it fails and when it is degraded. */
export function ViewGate({ view, children }: { view: Gated; children: ReactNode }) {
  if (view.state === 'loading') return <div className="loading" aria-busy="true" role="status" aria-label="Loading" />;
  if (view.state === 'failed' && view.failure)
    return (
      <EmptyState title="This cannot be shown">
        <Refusal of={view.failure} />
      </EmptyState>
    );
  return (
    <>
      {view.degraded !== null && (
        <p className="notice" role="status">
          An event could not be read: what rests on it is missing here. <code>heph rebuild</code> may mend it.
        </p>
      )}
      {children}
    </>
  );
}
