import { useSelector } from '@xstate/store-react';
import { useEffect, useRef } from 'react';
import { explain } from '../../app/explained.ts';
import { Link } from '../../app/link.tsx';
import { takeListKeys } from '../../app/list-keys.ts';
import { go, pathTo } from '../../app/router.ts';
import { type Matter, placeOf, type Step } from '../../inbox/matters.ts';
import { MessageButton } from '../../by-hand/message-button.tsx';
import { SubmitResult } from '../../by-hand/submit-result.tsx';
import { notifying, turnOff, turnOn } from '../../inbox/notify.ts';
import { Age } from '../../parts/age.tsx';
import { Button } from '../../parts/button.tsx';
import { CommandButton } from '../../parts/command-button.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ViewGate } from '../../parts/view-gate.tsx';
import { useView } from '../../server/use-view.ts';
import '../../inbox/inbox.css';

const SHOWN = { view: 'inbox' };
/** Commands that cannot be taken back: they are asked about. */
const CONFIRM: Readonly<Record<string, string>> = {
  stop_agent: 'Stop this agent? Its task is tried again as the limits allow.',
  cancel_workflow: 'Cancel the run? Its agents are stopped and its open tasks cancelled; its branch is kept.',
};

/** What needs a person: what blocks something first, each with what settles it. */
export default function Inbox() {
  const view = useView<Matter, { waiting: number; blocking: number }>('inbox');
  const { waiting = 0, blocking = 0 } = view.summary;
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => takeListKeys(keysOf(list)), []);
  return (
    <ViewGate view={view}>
      <div className="facts">
        <span className="fact">
          <span>Waiting</span>
          <span>{waiting}</span>
        </span>
        <span className="fact">
          <span>Blocking something</span>
          <span>{blocking}</span>
        </span>
        <span className="grow" />
        <Notifications />
      </div>
      {view.rows.length === 0 ? (
        <EmptyState title="Nothing waits for you">
          <p>Agents that need an answer, runs that failed or paused, and work to be merged by hand come here.</p>
        </EmptyState>
      ) : (
        <ul className="matters" aria-label="What waits for you" ref={list}>
          {view.rows.map((matter) => (
            <MatterItem key={matter.matterId} matter={matter} asOf={view.asOf} />
          ))}
        </ul>
      )}
    </ViewGate>
  );
}

function MatterItem({ matter, asOf }: { matter: Matter; asOf: number | null }) {
  const { matterId, kind, title, text, blocks, evidence, steps, agentId, taskId, workflowId } = matter;
  // The view offers it only for an agent that reads while it works.
  const answers = steps.some(({ shell }) => shell.startsWith('heph agent message'));
  return (
    <li className="matter">
      <div className="matter-head">
        <span className={`pill tone-${blocks ? 'attention' : 'waiting'}`}>
          <span className="shape" aria-hidden="true">
            {blocks ? '!' : '○'}
          </span>
          {blocks ? 'blocks' : 'waits'}
        </span>
        <Link href={placeOf(matter)} className="matter-title">
          {title}
        </Link>
        <Age at={evidence.at} asOf={asOf} />
      </div>
      <p className="matter-text">{text}</p>
      <div className="matter-steps">
        {answers && agentId !== null && taskId !== null && (
          <MessageButton agent={{ agentId, takes: { messages: 'line', interrupt: 'none' } }} taskId={taskId} />
        )}
        {kind === 'result_awaited' && workflowId !== null && <SubmitResult workflowId={workflowId} />}
        {kind === 'run_failed' && workflowId !== null && (
          <Button onClick={() => go(pathTo('workflows', [workflowId]))}>See the run</Button>
        )}
        {steps.map((step) => (
          <StepButton key={step.words} step={step} />
        ))}
        <Button look="quiet" onClick={() => explain({ evidence, title })}>
          Why
        </Button>
        <CommandButton
          command="dismiss_matter"
          input={{ matterId }}
          shown={SHOWN}
          look="quiet"
          title="It stays as it is, and comes back when it happens again"
        >
          Put aside
        </CommandButton>
      </div>
    </li>
  );
}

function StepButton({ step: { words, command, input, shell } }: { step: Step }) {
  if (command === null)
    return (
      <span>
        <span className="dim">{words}: </span>
        <code className="shell-words">{shell}</code>
      </span>
    );
  const confirm = CONFIRM[command];
  return (
    <CommandButton command={command} input={input} shown={SHOWN} title={shell} {...(confirm && { confirm })}>
      {words}
    </CommandButton>
  );
}

function Notifications() {
  const state = useSelector(notifying, (one) => one);
  if (state === 'unsupported') return null;
  if (state === 'on') return <Button onClick={turnOff}>Stop notifications</Button>;
  return (
    <Button
      onClick={() => void turnOn()}
      disabledReason={
        state === 'denied' ? 'This browser refuses notifications of this page; its settings for the page say so.' : null
      }
    >
      Notify me in this browser
    </Button>
  );
}

/** `j` and `k` go from title to title. */
function keysOf(list: { current: HTMLElement | null }) {
  const titles = () => [...(list.current?.querySelectorAll<HTMLElement>('.matter-title') ?? [])];
  return {
    move(by: number) {
      const all = titles();
      const at = all.indexOf(document.activeElement as HTMLElement);
      all[Math.max(0, Math.min(all.length - 1, at + by))]?.focus();
    },
    open() {
      const [place] = titles().filter((title) => title === document.activeElement);
      if (place instanceof HTMLAnchorElement) go(place.pathname + place.search);
    },
  };
}
