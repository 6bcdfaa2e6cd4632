import { createAtom } from '@xstate/store-react';
import { useEffect } from 'react';
import { SCREENS } from '../screens/index.ts';
import { goToNext } from '../inbox/waiting.ts';
import { currentList } from './list-keys.ts';
import { showNow } from '../server/moment.ts';
import { matchKey } from './match-key.ts';
import { stepBack, stepOn } from './past-steps.ts';
import { go, goBack, pathTo, setQuery } from './router.ts';

/** One line of the table of keys: `?` and the palette show it, and nothing else listens on the whole page. */
export interface KeyAction {
  /** As `KeyboardEvent.key` names them, one after the other: `g f`, `j`, `?`. */
  keys: string;
  title: string;
  /** In the palette as well; moving about in a list is not. */
  palette: boolean;
  run(): void;
}

export const paletteOpen = createAtom(false);
export const helpOpen = createAtom(false);

export const KEYS: readonly KeyAction[] = [
  ...SCREENS.filter(({ key }) => key !== undefined).map(({ path, title, key }) => ({
    keys: `g ${key}`,
    title: `Go to ${title}`,
    palette: true,
    run: () => go(pathTo(path)),
  })),
  { keys: 'n', title: 'Next that waits for you', palette: true, run: goToNext },
  { keys: 'c', title: 'New task in the run that is shown, else start a workflow', palette: true, run: create },
  { keys: 'j', title: 'Next row', palette: false, run: () => currentList()?.move(1) },
  { keys: 'k', title: 'Previous row', palette: false, run: () => currentList()?.move(-1) },
  { keys: 'Enter', title: 'Open the row', palette: false, run: () => {} },
  { keys: 'B', title: 'Boost the task of the row', palette: false, run: () => {} },
  { keys: '+', title: 'Raise the priority of the row', palette: false, run: () => {} },
  { keys: '-', title: 'Lower the priority of the row', palette: false, run: () => {} },
  { keys: 'S', title: 'Stop the agent of the row', palette: false, run: () => {} },
  { keys: 'X', title: 'Cancel the task of the row', palette: false, run: () => {} },
  { keys: 'Escape', title: 'Back, or close what is open', palette: false, run: goBack },
  { keys: '[', title: 'Back in time: one event', palette: true, run: stepBack },
  { keys: ']', title: 'On in time: one event', palette: true, run: () => void stepOn() },
  { keys: 'g n', title: 'Back to now', palette: true, run: showNow },
  { keys: '?', title: 'All keys', palette: true, run: () => helpOpen.set(true) },
];

function create(): void {
  if (/^\/workflows\/[^/]+$/.test(location.pathname)) setQuery({ task: 'new' });
  else go(pathTo('workflows', [], { new: '1' }));
}

/** A sequence that is not gone on with is forgotten. */
const SEQUENCE_MS = 1_200;

/** Where keys are text, or another part's: fields, terminals, dialogs. */
function isTaken(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest('input, textarea, select, [contenteditable=true], .terminal, [role=dialog], [role=menu]') !== null
  );
}

export function useKeys(): void {
  useEffect(() => {
    let begun = '';
    let forget: ReturnType<typeof setTimeout> | undefined;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      if (event.key === 'k' && (event.metaKey || event.ctrlKey) && !inTerminal(event.target)) {
        event.preventDefault();
        return paletteOpen.set((open) => !open);
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isTaken(event.target)) return;
      const found = matchKey(KEYS, begun, event.key);
      clearTimeout(forget);
      begun = 'begun' in found ? found.begun : '';
      if (begun) forget = setTimeout(() => void (begun = ''), SEQUENCE_MS);
      const action = 'line' in found ? KEYS[found.line] : undefined;
      // Enter is the focused element's own.
      if (!action || action.keys === 'Enter') return;
      event.preventDefault();
      action.run();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => {
      clearTimeout(forget);
      window.removeEventListener('keydown', onKeyDown);
    };
  }, []);
}

function inTerminal(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('.terminal') !== null;
}
