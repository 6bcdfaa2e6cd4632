import type { FastifyReply } from 'fastify';

/** For everything but the page: nothing that is answered may run, be framed, be kept or be read by another origin. */
const API_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** For the documentation's page: scripts from here only, no inline one; its stylesheet is injected by its script. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/**
 * For the page. Its libraries put stylesheets of their own into it, which carry the nonce; nothing inline runs, and no text
 * becomes markup or script (`require-trusted-types-for`): the page turns none into either.
 */
export function webPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "trusted-types 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');
}

export function setSecurityHeaders(reply: FastifyReply): void {
  reply.headers(API_HEADERS);
}
