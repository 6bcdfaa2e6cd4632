import { spawn } from '@lydell/node-pty';
import type { Socket } from 'node:net';
import type { SpawnTerminal } from '../terminal.ts';

/**
 * A terminal by node-pty. Use one per process: node-pty leaves a master open in every child that is started later.
 * A program that cannot be executed writes the reason to the terminal and exits with 1.
 */
export const spawnNodePty: SpawnTerminal = (request) => {
  const [file, ...args] = request.argv;
  const pty = spawn(file as string, args, {
    name: request.env.TERM ?? 'xterm-256color',
    cols: request.columns,
    rows: request.rows,
    cwd: request.cwd,
    env: { ...request.env },
    encoding: null,
  });
  // With `encoding: null` chunks are buffers, though the types say string.
  pty.onData((chunk) => request.onOutput(chunk as unknown as Uint8Array));
  pty.onExit(({ exitCode, signal }) => request.onExit(exitCode, signal ?? 0));
  // node-pty does not tell how much of what was written is still waiting; its stream does.
  const stream = (pty as unknown as { _socket: Socket })._socket;
  return {
    pid: pty.pid,
    write: (keys) => pty.write(keys),
    unreadBytes: () => stream.writableLength,
  };
};
