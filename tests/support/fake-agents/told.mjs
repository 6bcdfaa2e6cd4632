// Does what a test tells it, one line of JSON after the other, over the socket that TOLD_SOCKET names, and says when it has:
// print, speak to the server, write into its worktree, run git there, end. It tells of every byte that is typed into its terminal.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { speaker } from './speak.mjs';

const [mcpConfig, tokenFile, promptFile, worktree] = process.argv.slice(2);
const { HEPH_AGENT_ID: agentId, HEPH_TASK_ID: taskId, TOLD_SOCKET: path } = process.env;
const call = speaker(mcpConfig, tokenFile, (why) => {
  throw new Error(why);
});

const does = {
  async print({ data, times = 1 }) {
    const bytes = Buffer.from(data, 'base64');
    for (let n = 0; n < times; n++)
      if (!process.stdout.write(bytes)) await new Promise((resolve) => process.stdout.once('drain', resolve));
  },
  speak: ({ name, input }) => call(name, input),
  write({ files }) {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(worktree, file)), { recursive: true });
      writeFileSync(join(worktree, file), text);
    }
  },
  git: ({ words }) => execFileSync('git', words, { cwd: worktree, stdio: 'ignore' }),
  exit: ({ code }) => process.exit(code),
};

process.stdin.setRawMode?.(true);
const socket = connect(path);
const say = (message) => socket.write(`${JSON.stringify(message)}\n`);
say({ agentId, taskId, pid: process.pid, prompt: readFileSync(promptFile, 'utf8') });
process.stdin.on('data', (bytes) => say({ typed: bytes.toString('base64') }));
// Nobody tells it anything any more.
socket.on('close', () => process.exit(3));
for await (const line of linesOf(socket)) {
  const { id, what, ...input } = JSON.parse(line);
  try {
    await does[what](input);
    say({ done: id });
  } catch (error) {
    say({ failed: id, why: error.message });
  }
}

/** `node:readline` would also end a line at U+2028, which a text may hold. */
async function* linesOf(stream) {
  let rest = '';
  for await (const text of stream.setEncoding('utf8')) {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    yield* lines;
  }
}
