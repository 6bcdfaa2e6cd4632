import type { AnchorHTMLAttributes } from 'react';
import { followLink } from './router.ts';

/** A link to another place of the page. */
export function Link(props: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  return <a {...props} onClick={followLink} />;
}
