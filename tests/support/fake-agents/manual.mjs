// Writes notes where a page is asked for, and the page when it is told that there is none. As a reviewer it looks for the
// page in its own worktree, and answers by what it finds.
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { speaker } from './speak.mjs';

const [mcpConfig, tokenFile, promptFile, worktree] = process.argv.slice(2);
const { HEPH_AGENT_ID: agentId } = process.env;
const PAGE = 'docs/page.md';

// Beside the data directory, written before anything is said: who ran, known without the server's word.
appendFileSync(resolve(tokenFile, '../../../../ran'), `${agentId}\n`);
const call = speaker(mcpConfig, tokenFile);
const prompt = readFileSync(promptFile, 'utf8');

if (prompt.includes('# The criteria')) {
  const found = existsSync(join(worktree, PAGE));
  const verdict = found ? 'pass' : 'fail';
  await call('submit_result_validation', {
    criteria: [
      { criterion: 1, verdict: 'pass', evidence: 'the check passes' },
      { criterion: 2, verdict, evidence: `${PAGE} is ${found ? '' : 'not '}in the tree` },
    ],
    feedback: found ? '' : `Write ${PAGE}.`,
    idempotencyKey: `${agentId}-answers`,
  });
} else {
  mkdirSync(join(worktree, 'docs'), { recursive: true });
  const file = prompt.includes(`Write ${PAGE}.`) ? PAGE : 'docs/notes.md';
  writeFileSync(join(worktree, file), 'What it does.\n');
  await call('update_task_status', { status: 'done', summary: `Wrote ${file}.`, idempotencyKey: `${agentId}-done` });
}
