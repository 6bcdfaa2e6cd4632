import { Button } from '../parts/button.tsx';
import { usePast } from '../server/moment.ts';
import { enterPast } from './past-steps.ts';

/** The way into the past; in it, the banner leads back. */
export function PastButton() {
  if (usePast() !== null) return null;
  return (
    <Button
      look="quiet"
      onClick={enterPast}
      title="Look at every screen as it was at an earlier event. [ goes one event back."
    >
      ↶ History
    </Button>
  );
}
