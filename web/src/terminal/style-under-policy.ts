import { nonce } from '../app/nonce.ts';

/**
 * The terminal's library makes stylesheets without a nonce and writes `style` attributes, both of which the page's policy
 * refuses, and it takes the document itself, whatever document it is given. So elements that are made from now on carry the
 * nonce where they are stylesheets, and a `style` attribute of a span is set the way that the policy allows. Safe twice.
 */
export function styleUnderPolicy(): void {
  if (document.createElement !== Document.prototype.createElement) return;
  document.createElement = ((name: string, options?: ElementCreationOptions) => {
    const element = Document.prototype.createElement.call(document, name, options);
    if (name === 'style') element.nonce = nonce;
    if (name === 'span') element.setAttribute = setAttribute;
    return element;
  }) as Document['createElement'];
}

function setAttribute(this: HTMLElement, name: string, value: string): void {
  if (name === 'style') this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
}
