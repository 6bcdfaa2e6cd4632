import { useSelector } from '@xstate/store-react';
import { Age } from '../parts/age.tsx';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { IdChip } from '../parts/id-chip.tsx';
import { Json } from '../parts/json.tsx';
import { Refusal } from '../parts/refusal.tsx';
import { showPast, usePast } from '../server/moment.ts';
import { useQuery } from '../server/use-query.ts';
import { explained } from './explained.ts';

interface Event {
  id: string;
  position: string;
  stream: string;
  type: string;
  at: number;
  data: unknown;
}

/** The event that something on the page rests on. */
export function ExplainDrawer() {
  const what = useSelector(explained, (now) => now);
  const after = what && String(BigInt(what.evidence.position) - 1n);
  const { result, failure } = useQuery<{ events: Event[] }>(what ? 'get_events' : null, { after, limit: 1 });
  const past = usePast();
  if (!what) return null;
  const event = result?.events[0];
  return (
    <Dialog as="drawer" open onClose={() => explained.set(null)} title={`Why: ${what.title}`}>
      <Refusal of={failure} />
      {event && (
        <article>
          <p>
            <strong>{event.type}</strong> <Age at={event.at} /> ago, position {event.position}
          </p>
          <p className="dim">
            {event.stream} <IdChip id={event.id} />
          </p>
          {past !== what.evidence.position && (
            <Button
              onClick={() => {
                showPast(what.evidence.position);
                explained.set(null);
              }}
            >
              Show everything as it was then
            </Button>
          )}
          <Json value={event.data} />
        </article>
      )}
    </Dialog>
  );
}
