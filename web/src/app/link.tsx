import type { AnchorHTMLAttributes } from 'react';
import { followLink } from './router.ts';

type LinkProps = AnchorHTMLAttributes<HTMLAnchorElement> & {
  href: string;
  /** When it is followed within the page. */
  onFollow?: () => void;
};

/** A link to another place of the page. */
export function Link({ onFollow, ...rest }: LinkProps) {
  return (
    <a
      {...rest}
      onClick={(event) => {
        followLink(event);
        if (event.defaultPrevented) onFollow?.();
      }}
    />
  );
}
