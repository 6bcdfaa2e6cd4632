import { Link } from '../app/link.tsx';
import { pathTo } from '../app/router.ts';
import { useWaiting } from './waiting.ts';
import './inbox.css';

/** How much waits for a person, in the bar at the top of every screen. */
export function InboxBadge() {
  const waiting = useWaiting();
  const blocking = waiting.filter(({ blocks }) => blocks).length;
  const words =
    waiting.length === 0 ? 'nothing waits for you' : `${waiting.length} wait for you, ${blocking} of them block`;
  return (
    <Link href={pathTo('inbox')} className="badge" title={`Inbox: ${words} (n: the next)`}>
      Inbox
      {waiting.length > 0 && (
        <span className={`badge-count tone-${blocking > 0 ? 'attention' : 'waiting'}`}>
          <span aria-hidden="true">{blocking > 0 ? '! ' : ''}</span>
          {waiting.length}
        </span>
      )}
      <span className="visually-hidden">: {words}</span>
    </Link>
  );
}
