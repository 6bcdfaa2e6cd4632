import { EXIT, fail } from '../failure.ts';
import type { Client } from '../client.ts';
import type { Output } from '../output.ts';
import { readToken } from '../server-file.ts';
import type { World } from '../world.ts';
import { openBrowser } from './open-browser.ts';
import { loginUrl } from './up.ts';

/** Prints the operator token, or with `browser` opens the page, logged in by a code that works once. */
export async function token(world: World, client: Client, output: Output, browser: boolean): Promise<number> {
  const { url } = await client.server();
  if (browser) {
    const page = await loginUrl(url, client.directory);
    const opened = openBrowser(page, world.env);
    output.say(opened ? `Opened ${page}` : page);
    output.record({ type: 'login', url: page, opened });
    return EXIT.ok;
  }
  const text = readToken(client.directory);
  if (!text)
    throw fail(
      'server.not_running',
      `There is no operator token in ${client.directory}; it is made at the first start.`,
    );
  output.say(text);
  output.record({ type: 'token', token: text });
  return EXIT.ok;
}
