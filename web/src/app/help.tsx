import { useSelector } from '@xstate/store-react';
import { Dialog } from '../parts/dialog.tsx';
import { helpOpen, KEYS } from './keys.ts';

const NAMES: Readonly<Record<string, string>> = { Escape: 'Esc' };

/** Every key of the page, from the table that is listened to. */
export function Help() {
  const open = useSelector(helpOpen, (now) => now);
  return (
    <Dialog open={open} onClose={() => helpOpen.set(false)} title="Keys" description="Outside of fields and terminals.">
      <dl className="keys">
        {[{ keys: 'Ctrl+K', title: 'Palette (⌘K on a Mac)' }, ...KEYS].map(({ keys, title }) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key}>{NAMES[key] ?? key}</kbd>
              ))}
            </dt>
            <dd>{title}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
