import type { IncomingHttpHeaders } from 'node:http';
import { denied, type Failure } from '../../kernel/errors.ts';

/**
 * The names under which this server may be addressed, with its port: a page that has a name of its own pointed to the
 * loopback address does not get through, nor one of another origin. Nothing is parsed, so nothing can be parsed wrongly.
 */
export interface Gate {
  refuse(headers: IncomingHttpHeaders): Failure | null;
}

const NAMES = ['127.0.0.1', 'localhost', '[::1]'];

export function createGate(port: number): Gate {
  const hosts = new Set(NAMES.map((name) => `${name}:${port}`));
  const origins = new Set([...hosts].map((host) => `http://${host}`));
  return {
    refuse({ host, origin }) {
      if (host === undefined || !hosts.has(host)) return denied('auth.host', 'The Host header is not this server’s.');
      if (origin !== undefined && !origins.has(origin))
        return denied('auth.origin', 'The Origin header is not this server’s.');
      return null;
    },
  };
}
