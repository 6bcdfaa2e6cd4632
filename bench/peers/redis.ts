import { join } from 'node:path';
import { missingTool } from '../../tests/support/debian.ts';
import { inDirectory } from '../raw-log.ts';
import { startServer } from './server-process.ts';

export const missingRedis = (): string | null => missingTool('redis-server');

/** A Redis of our own on a unix socket; an answer comes after the append-only file was flushed, as in our log. */
export function withRedis<T>(work: (socketPath: string) => Promise<T>): Promise<T> {
  return inDirectory(async (directory) => {
    const socketPath = join(directory, 'redis.sock');
    const settings = {
      port: '0',
      unixsocket: socketPath,
      unixsocketperm: '700',
      dir: directory,
      appendonly: 'yes',
      appendfsync: 'always',
      save: '',
    };
    const server = await startServer({
      command: 'redis-server',
      args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
      cwd: directory,
      ready: 'eady to accept connections',
    });
    try {
      return await work(socketPath);
    } finally {
      await server.end();
    }
  });
}
