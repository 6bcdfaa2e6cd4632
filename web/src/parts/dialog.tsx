import { Dialog as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { Button } from './button.tsx';

export interface DialogProps {
  open: boolean;
  onClose(): void;
  title: string;
  /** A sentence below the title. */
  description?: string;
  children: ReactNode;
  /** `dialog`: in the middle; `drawer`: at the right edge, for what is read beside the screen. */
  as?: 'dialog' | 'drawer';
}

/** Something before the screen: Escape and a click beside it close it, and the focus returns to where it was. */
export function Dialog({ open, onClose, title, description, children, as = 'dialog' }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={(wanted) => !wanted && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="overlay" />
        <Radix.Content
          className={as}
          onOpenAutoFocus={focusField}
          {...(description === undefined && { 'aria-describedby': undefined })}
        >
          <header className="dialog-head">
            <Radix.Title>{title}</Radix.Title>
            <Radix.Close asChild>
              <Button look="quiet" aria-label="Close">
                ✕
              </Button>
            </Radix.Close>
          </header>
          {description !== undefined && <Radix.Description className="dim">{description}</Radix.Description>}
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** A form begins in its first field: on the button that closes it, the first space that is typed would. */
function focusField(event: Event): void {
  const field = (event.currentTarget as HTMLElement | null)?.querySelector<HTMLElement>('textarea, input, select');
  if (!field) return;
  event.preventDefault();
  field.focus();
}
