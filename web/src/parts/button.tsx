import type { ButtonHTMLAttributes, Ref } from 'react';

export interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'disabled'> {
  /** Why it cannot be pressed; null or absent: it can. It stays reachable by keyboard, so that the reason can be read. */
  disabledReason?: string | null | undefined;
  ref?: Ref<HTMLButtonElement>;
  look?: 'plain' | 'primary' | 'danger' | 'quiet';
}

export function Button({
  disabledReason = null,
  look = 'plain',
  className = '',
  title,
  onClick,
  ...rest
}: ButtonProps) {
  const off = disabledReason !== null;
  return (
    <button
      type="button"
      {...rest}
      className={`button ${look} ${className}`}
      aria-disabled={off || undefined}
      title={disabledReason ?? title}
      onClick={(event) => {
        if (off) event.preventDefault();
        else onClick?.(event);
      }}
    />
  );
}
