import { Button } from '../parts/button.tsx';
import { showNow, usePast } from '../server/moment.ts';

/** Marks the past plainly, on every screen. */
export function PastBanner() {
  const at = usePast();
  if (at === null) return null;
  return (
    <div className="banner past" role="status">
      <span>
        <strong>The past.</strong> Everything is shown as it was at position {at}; nothing can be changed.
      </span>
      <Button look="primary" onClick={showNow}>
        Back to now
      </Button>
    </div>
  );
}
