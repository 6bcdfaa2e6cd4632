import { useSelector } from '@xstate/store-react';
import { Age } from '../parts/age.tsx';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { IdChip } from '../parts/id-chip.tsx';
import { showPast, usePast } from '../server/moment.ts';
import { explained } from './explained.ts';
import { Explanation } from './explanation.tsx';

/** What something on the page rests on: the event, what led to it and what came of it. */
export function ExplainDrawer() {
  const what = useSelector(explained, (now) => now);
  const past = usePast();
  if (!what) return null;
  const { eventId, position, type, at } = what.evidence;
  return (
    <Dialog as="drawer" open onClose={() => explained.set(null)} title={`Why: ${what.title}`}>
      <div className="row">
        <strong>{type}</strong>
        <span className="dim">
          <Age at={at} /> ago, position {position}
        </span>
        <IdChip id={eventId} />
        {past !== position && (
          <Button
            onClick={() => {
              showPast(position);
              explained.set(null);
            }}
          >
            Show everything as it was then
          </Button>
        )}
      </div>
      <Explanation evidence={what.evidence} />
    </Dialog>
  );
}
