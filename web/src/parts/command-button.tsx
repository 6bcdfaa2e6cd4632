import { Popover } from 'radix-ui';
import { type ReactNode, type RefObject, useRef, useState } from 'react';
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
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    setAsking(false);
    dismiss();
  };
  return (
    <>
      <Button
        {...rest}
        ref={button}
        aria-busy={busy || undefined}
        disabledReason={disabledReason ?? never ?? (busy ? 'It is on its way.' : null)}
        onClick={() => (confirm === undefined ? void act() : setAsking(true))}
      >
        {children}
      </Button>
      {/* Not there while there is nothing to say: a table has hundreds of these. */}
      {(asking || refusal !== null) && (
        <Popover.Root open onOpenChange={(wanted) => !wanted && close()}>
          <Popover.Anchor virtualRef={button as RefObject<HTMLButtonElement>} />
          <Popover.Portal>
            <Popover.Content
              className="popover"
              sideOffset={6}
              collisionPadding={8}
              aria-label={asking ? confirm : 'Refused'}
              onCloseAutoFocus={() => button.current?.focus()}
            >
              {asking ? (
                <>
                  <p>{confirm}</p>
                  <div className="row end">
                    <Button look="quiet" onClick={close}>
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
        </Popover.Root>
      )}
    </>
  );
}
