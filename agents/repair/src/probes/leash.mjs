/**
 * Ties this process's group to the repair agent: standard input is a pipe whose other end the agent holds and never
 * writes to. Its end means the agent is gone, so the whole group of test processes goes too, endless loops included.
 */
export function holdLeash() {
  process.stdin.on('error', () => {});
  process.stdin.on('close', () => process.kill(0, 'SIGKILL'));
  process.stdin.resume();
  process.stdin.unref?.();
}
