import { useSelector } from '@xstate/store-react';
import { Command } from 'cmdk';
import { Dialog } from 'radix-ui';
import { type ReactNode, useMemo, useState } from 'react';
import { shortId } from '../parts/format.ts';
import { SCREENS } from '../screens/index.ts';
import { post } from '../server/api.ts';
import { useView } from '../server/use-view.ts';
import { KEYS, paletteOpen } from './keys.ts';
import { matching } from './matching.ts';
import { go, pathTo } from './router.ts';
import { nextTheme } from './theme.ts';

/** Something that can be gone to or done. */
interface Choice {
  key: string;
  title: string;
  /** Searched as well, and not shown. */
  also?: string;
  aside?: ReactNode;
  run(): void;
}

/** So many of a kind are shown: more are found by typing more of their names. */
const SHOWN_MAX = 40;

/** Everything that can be gone to or done, found by typing a part of its name. */
export default function Palette() {
  const open = useSelector(paletteOpen, (now) => now);
  const [typed, setTyped] = useState('');
  const [picked, setPicked] = useState('');
  // Not deferred: Enter picks from what is listed, which has to be what was typed.
  const groups = useGroups(typed);
  // What was picked may fit no more after the next letter: Enter is then for the first that does.
  const keys = groups.flatMap(({ choices }) => choices.map(({ key }) => key));
  const value = keys.includes(picked) ? picked : (keys[0] ?? '');
  return (
    <Dialog.Root open={open} onOpenChange={(wanted) => paletteOpen.set(wanted)}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="palette" aria-describedby={undefined}>
          <Dialog.Title className="visually-hidden">Palette</Dialog.Title>
          <Command label="Palette" loop shouldFilter={false} value={value} onValueChange={setPicked}>
            <Command.Input
              placeholder="Go to a screen, a task, an agent, a run …"
              className="palette-input"
              value={typed}
              onValueChange={(text) => {
                setTyped(text);
                setPicked('');
              }}
            />
            <Command.List className="palette-list">
              <Command.Empty className="palette-empty">Nothing is called that.</Command.Empty>
              {groups.map(({ heading, choices }) => (
                <Command.Group key={heading} heading={heading}>
                  {choices.map((choice) => (
                    <Item key={choice.key} choice={choice} />
                  ))}
                </Command.Group>
              ))}
            </Command.List>
          </Command>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Item({ choice: { key, title, aside, run } }: { choice: Choice }) {
  const pick = () => {
    paletteOpen.set(false);
    run();
  };
  return (
    <Command.Item value={key} onSelect={pick}>
      <span className="truncate">{title}</span>
      {aside}
    </Command.Item>
  );
}

const FIXED: readonly { heading: string; choices: readonly Choice[] }[] = [
  {
    heading: 'Screens',
    choices: SCREENS.filter(({ nav }) => nav).map(({ path, title, key }) => ({
      key: path,
      title,
      aside: key && <kbd className="kbd">g {key}</kbd>,
      run: () => go(pathTo(path)),
    })),
  },
  {
    heading: 'Actions',
    choices: [
      ...KEYS.filter(({ palette, keys }) => palette && !keys.startsWith('g ')).map(({ keys, title, run }) => ({
        key: `key ${keys}`,
        title,
        aside: <kbd className="kbd">{keys}</kbd>,
        run,
      })),
      { key: 'theme', title: 'Switch theme', run: nextTheme },
      { key: 'sign out', title: 'Sign out of this browser', run: () => void signOut() },
    ],
  },
];

async function signOut(): Promise<void> {
  await post('/api/logout');
  location.assign('/');
}

/** What fits what was typed; groups without anything are left out. */
function useGroups(typed: string) {
  const things = useThings();
  return useMemo(
    () =>
      [...FIXED, ...things]
        .map(({ heading, choices }) => ({
          heading,
          choices: matching(choices, typed, ({ title, also = '' }) => `${title} ${also}`, SHOWN_MAX),
        }))
        .filter(({ choices }) => choices.length > 0),
    [things, typed],
  );
}

interface Named {
  taskId: string;
  agentId?: string | null;
  agent: string | null;
  title: string | null;
}

/** Tasks with their agents, and runs; the newest first. */
function useThings(): { heading: string; choices: readonly Choice[] }[] {
  const fleet = useView<Named>('fleet').rows;
  const queue = useView<Named>('queue').rows;
  const runs = useView<{ workflowId: string; name: string; goal: string }>('workflow').rows;
  return useMemo(() => {
    const worked = new Set(fleet.map(({ taskId }) => taskId));
    const tasks = [...fleet, ...queue.filter(({ taskId }) => !worked.has(taskId))].toReversed();
    return [
      { heading: 'Tasks and agents', choices: tasks.map(taskChoice) },
      {
        heading: 'Runs',
        choices: runs.toReversed().map(({ workflowId, name, goal }) => ({
          key: workflowId,
          title: goal || name,
          also: `${name} ${workflowId}`,
          aside: <Aside name={name} id={workflowId} />,
          run: () => go(pathTo('workflows', [workflowId])),
        })),
      },
    ];
  }, [fleet, queue, runs]);
}

function taskChoice({ taskId, agentId, agent, title }: Named): Choice {
  const id = agentId ?? taskId;
  return {
    key: id,
    title: title ?? taskId,
    also: `${agent ?? ''} ${taskId} ${agentId ?? ''}`,
    aside: <Aside name={agent} id={id} />,
    run: () => go(pathTo('task', [taskId], { agent: agentId ?? undefined })),
  };
}

function Aside({ name, id }: { name: string | null; id: string }) {
  return (
    <span className="dim">
      {name} <span className="mono">{shortId(id)}</span>
    </span>
  );
}
