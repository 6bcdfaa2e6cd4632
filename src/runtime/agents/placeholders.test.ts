import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expandPlaceholders, type PlaceholderValues } from './placeholders.ts';

const values: PlaceholderValues = {
  prompt_file: '/f/prompt.md',
  prompt: 'say {token_file}; $(id) `id`',
  worktree: '/w t',
  mcp_config: '/f/mcp.json',
  task_id: 'tsk_1',
  agent_id: 'agt_1',
  token_file: '/f/token',
  agent_dir: '/f/agent',
  mcp_command_json: '"/node"',
  mcp_args_json: '["cli","mcp"]',
  mcp_argv_json: '["/node","cli","mcp"]',
};

describe('placeholders', () => {
  it('are replaced wherever they stand, and nothing else is', () => {
    expect(expandPlaceholders('--x={worktree}/{task_id} {unknown} {{agent_id}}', values)).toBe(
      '--x=/w t/tsk_1 {unknown} {agt_1}',
    );
  });

  it('leave their values as they are', () => {
    expect(expandPlaceholders('{prompt}', values)).toBe(values.prompt);
    fc.assert(
      fc.property(fc.string(), (prompt) => {
        expect(expandPlaceholders('<{prompt}>', { ...values, prompt })).toBe(`<${prompt}>`);
      }),
    );
  });
});
