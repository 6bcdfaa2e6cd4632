import { useSelector } from '@xstate/store-react';
import { Command } from 'cmdk';
import { Dialog } from 'radix-ui';
import { pathTo, go } from './router.ts';
import { KEYS, paletteOpen } from './keys.ts';
import { SCREENS } from '../screens/index.ts';
import { nextTheme } from './theme.ts';
import { shortId } from '../parts/format.ts';
import { post } from '../server/api.ts';
import { useView } from '../server/use-view.ts';

/** Everything that can be gone to or done, found by typing a part of its name. */
export default function Palette() {
  const open = useSelector(paletteOpen, (now) => now);
  const close = () => paletteOpen.set(false);
  const pick = (run: () => void) => () => {
    close();
    run();
  };
  return (
    <Dialog.Root open={open} onOpenChange={(wanted) => paletteOpen.set(wanted)}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="palette" aria-describedby={undefined}>
          <Dialog.Title className="visually-hidden">Palette</Dialog.Title>
          <Command label="Palette" loop>
            <Command.Input placeholder="Go to a screen, a task, an agent, a run …" className="palette-input" />
            <Command.List className="palette-list">
              <Command.Empty className="palette-empty">Nothing is called that.</Command.Empty>
              <Command.Group heading="Screens">
                {SCREENS.filter(({ nav }) => nav).map(({ path, title, key }) => (
                  <Command.Item key={path} value={`go ${title}`} onSelect={pick(() => go(pathTo(path)))}>
                    {title}
                    {key && <kbd className="kbd">g {key}</kbd>}
                  </Command.Item>
                ))}
              </Command.Group>
              <Command.Group heading="Actions">
                {KEYS.filter(({ palette, keys }) => palette && !keys.startsWith('g ')).map(({ keys, title, run }) => (
                  <Command.Item key={keys} value={title} onSelect={pick(run)}>
                    {title}
                    <kbd className="kbd">{keys}</kbd>
                  </Command.Item>
                ))}
                <Command.Item value="Switch theme" onSelect={pick(nextTheme)}>
                  Switch theme
                </Command.Item>
                <Command.Item value="Sign out of this browser" onSelect={pick(() => void signOut())}>
                  Sign out of this browser
                </Command.Item>
              </Command.Group>
              {open && <Things pick={pick} />}
            </Command.List>
          </Command>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

async function signOut(): Promise<void> {
  await post('/api/logout');
  location.assign('/');
}

/** So many of a kind: more are found by typing less of something else. */
const THINGS_MAX = 200;

interface Named {
  taskId: string;
  agentId?: string | null;
  agent: string | null;
  title: string | null;
}

function Things({ pick }: { pick(run: () => void): () => void }) {
  const fleet = useView<Named>('fleet');
  const queue = useView<Named>('queue');
  const runs = useView<{ workflowId: string; name: string; goal: string }>('workflow');
  // Whoever works, and what is open beside it; the newest first.
  const worked = new Set(fleet.rows.map(({ taskId }) => taskId));
  const tasks = [...fleet.rows, ...queue.rows.filter(({ taskId }) => !worked.has(taskId))].toReversed();
  return (
    <>
      <Command.Group heading="Tasks and agents">
        {tasks.slice(0, THINGS_MAX).map(({ taskId, agentId, agent, title }) => (
          <Command.Item
            key={agentId ?? taskId}
            value={`${title ?? ''} ${agent ?? ''} ${taskId} ${agentId ?? ''}`}
            onSelect={pick(() => go(pathTo('task', [taskId], { agent: agentId ?? undefined })))}
          >
            <span className="truncate">{title ?? taskId}</span>
            <span className="dim">
              {agent} <span className="mono">{shortId(agentId ?? taskId)}</span>
            </span>
          </Command.Item>
        ))}
      </Command.Group>
      <Command.Group heading="Runs">
        {runs.rows
          .toReversed()
          .slice(0, THINGS_MAX)
          .map(({ workflowId, name, goal }) => (
            <Command.Item
              key={workflowId}
              value={`${goal} ${name} ${workflowId}`}
              onSelect={pick(() => go(pathTo('workflows', [workflowId])))}
            >
              <span className="truncate">{goal || name}</span>
              <span className="dim">
                {name} <span className="mono">{shortId(workflowId)}</span>
              </span>
            </Command.Item>
          ))}
      </Command.Group>
    </>
  );
}
