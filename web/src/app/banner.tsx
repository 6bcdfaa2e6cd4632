import { useSelector } from '@xstate/store-react';
import { useEffect, useState } from 'react';
import { Age } from '../parts/age.tsx';
import { Button } from '../parts/button.tsx';
import { serverNow } from '../server/clock.ts';
import { connection } from '../server/connection.ts';

/** A break this short is not worth a line. */
const PATIENCE_MS = 700;

/** Says that what is shown may be old, and what to do; nothing while all is well. */
export function Banner() {
  const { status, reason, wasOpen, lostAt } = useSelector(connection, (now) => now);
  const late = useLate(lostAt);
  if (status === 'closed')
    return (
      <div className="banner bad" role="alert">
        <span>
          <strong>Signed out.</strong> {reason} Run <code>heph open</code> where the server runs: it opens this page, or
          prints a link that works once.
        </span>
        <Button onClick={() => location.reload()}>Try again</Button>
      </div>
    );
  if (lostAt === null || !late) return null;
  return (
    <div className="banner" role="status">
      <span>
        <strong>{wasOpen ? 'Reconnecting' : 'Connecting'} …</strong> {reason ? `${sentence(reason)} ` : ''}
        {wasOpen && (
          <>
            What you see was true <Age at={lostAt + (serverNow() - Date.now())} /> ago. If the server was stopped, start
            it with <code>heph up</code>: this page goes on by itself.
          </>
        )}
      </span>
    </div>
  );
}

function sentence(reason: string): string {
  const text = reason.charAt(0).toUpperCase() + reason.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function useLate(since: number | null): boolean {
  const [late, setLate] = useState<number | null>(null);
  useEffect(() => {
    if (since === null) return;
    const timer = setTimeout(() => setLate(since), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [since]);
  return since !== null && late === since;
}
