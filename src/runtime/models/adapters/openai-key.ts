import { Fault } from '../../../kernel/errors.ts';
import type { ModelProvider } from '../model.ts';

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** The key to send, null where none is needed, or why nothing can be asked. */
export function readKey(
  { baseUrl, keyVariable }: ModelProvider,
  environment: Readonly<Record<string, string | undefined>>,
): string | null | Fault {
  if (keyVariable === '') return null;
  const key = environment[keyVariable]?.trim();
  if (!key)
    return refused(
      `the server’s environment has no ${keyVariable}: set it and start the server again, name another variable with model.keyVariable, or none ("") for a provider that needs no key`,
    );
  const { protocol, hostname } = new URL(baseUrl);
  if (protocol === 'http:' && !LOOPBACK.test(hostname))
    return refused(`a key is not sent to ${hostname} without encryption: use https, or no key`);
  return key;
}

function refused(message: string): Fault {
  return new Fault('model.refused', message, { retryable: false });
}
