import { createRequire } from 'node:module';

/**
 * Node's HTTP module, required and not imported: an import reads every export once, the lazy ones as well, and so loads
 * all of Node's own fetch. That is half of what a short verb of the command line takes.
 */
export const { request, STATUS_CODES } = createRequire(import.meta.url)('node:http') as typeof import('node:http');
