import { setNonce } from 'get-nonce';

/** The one that the server put into this answer: stylesheets that libraries make carry it, or they do not count. */
export const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce ?? '';

if (nonce) setNonce(nonce);
