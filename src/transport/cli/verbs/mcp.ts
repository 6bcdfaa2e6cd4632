import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { runBridge } from '../bridge/bridge.ts';
import { isAlive, readServerFile, readToken } from '../server-file.ts';
import type { World } from '../world.ts';

const PATIENCE_MS = 60_000;

/** The stdio bridge: an agent's MCP client on one side, the server of the data directory on the other. */
export async function serveMcp(world: World, directory: string, tokenFile: string | undefined): Promise<void> {
  const tokenPath = tokenFile ? resolve(world.cwd, tokenFile) : join(directory, 'operator.token');
  await runBridge({
    input: world.stdin as Readable,
    write: (line) => void world.stdout.write(line),
    bridgeKey: world.newKey(),
    clock: world.clock,
    patienceMs: PATIENCE_MS,
    locate() {
      const server = readServerFile(directory);
      const token = readToken(directory, tokenPath);
      return server && token && isAlive(server.pid) ? { url: server.url, token } : null;
    },
  });
}
