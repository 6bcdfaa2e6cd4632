import { Popover } from 'radix-ui';
import { type ReactNode, useState } from 'react';
import { type Shown, useCommand } from '../server/use-command.ts';
import type { Row } from '../server/view-registry.ts';
import { Button, type ButtonProps } from './button.tsx';
import { Refusal } from './refusal.tsx';

export interface CommandButtonProps extends Omit<ButtonProps, 'onClick'> {
  /** One of docs/commands.md. */
  command: string;
  input: Row;
  /** Where its effect is to be seen before it counts as done. */
  shown?: Shown;
  /** Asked before it is sent, for what cannot be taken back: a sentence that says what will happen. */
  confirm?: string;
  onDone?: () => void;
  children: ReactNode;
}

/** Sends one command when it is pressed. What refuses it is shown beside it. */
export function CommandButton({
  command,
  input,
  shown,
  confirm,
  onDone,
  children,
  disabledReason,
  ...rest
}: CommandButtonProps) {
  const { send, busy, refusal, dismiss, disabledReason: never } = useCommand(command, shown);
  const [asking, setAsking] = useState(false);
  const act = async () => {
    setAsking(false);
    if (await send(input)) onDone?.();
  };
  const open = asking || refusal !== null;
  return (
    <Popover.Root open={open} onOpenChange={(wanted) => !wanted && (setAsking(false), dismiss())}>
      <Popover.Anchor asChild>
        <Button
          {...rest}
          aria-busy={busy || undefined}
          disabledReason={disabledReason ?? never ?? (busy ? 'It is on its way.' : null)}
          onClick={() => (confirm === undefined ? void act() : setAsking(true))}
        >
          {children}
        </Button>
      </Popover.Anchor>
      {open && (
        <Popover.Portal>
          <Popover.Content className="popover" sideOffset={6} collisionPadding={8} aria-label={confirm ?? 'Refused'}>
            {asking ? (
              <>
                <p>{confirm}</p>
                <div className="row end">
                  <Button look="quiet" onClick={() => setAsking(false)}>
                    Not now
                  </Button>
                  <Button look={rest.look === 'danger' ? 'danger' : 'primary'} onClick={() => void act()}>
                    {children}
                  </Button>
                </div>
              </>
            ) : (
              <Refusal of={refusal} onDismiss={dismiss} />
            )}
          </Popover.Content>
        </Popover.Portal>
      )}
    </Popover.Root>
  );
}
