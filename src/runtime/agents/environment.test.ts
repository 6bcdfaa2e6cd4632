import { describe, expect, it } from 'vitest';
import { agentEnvironment, secretValues } from './environment.ts';
import { mcpConfig } from './mcp-config.ts';

const from = {
  PATH: '/usr/bin',
  HOME: '/home/ada',
  LC_ALL: 'C',
  LCX: 'no',
  SECRET_KEY: 'abcdefgh',
  OTHER: 'o',
  NODE_OPTIONS: '--evil',
};
const build = (change: Partial<Parameters<typeof agentEnvironment>[0]> = {}) =>
  agentEnvironment({ from, passEnv: [], env: {}, agentId: 'agt_1', taskId: 'tsk_1', ...change });

describe('an agent’s environment', () => {
  it('is the list and nothing else', () => {
    expect(build()).toEqual({
      PATH: '/usr/bin',
      HOME: '/home/ada',
      LC_ALL: 'C',
      TERM: 'xterm-256color',
      HEPH_AGENT_ID: 'agt_1',
      HEPH_TASK_ID: 'tsk_1',
    });
  });

  it('adds what was allowed and what is its own, but never another identity', () => {
    const got = build({ passEnv: ['OTHER', 'ABSENT'], env: { PATH: '/mine', HEPH_AGENT_ID: 'agt_2' } });
    expect(got).toMatchObject({ OTHER: 'o', PATH: '/mine', HEPH_AGENT_ID: 'agt_1' });
    expect(Object.keys(got)).not.toContain('ABSENT');
  });

  it.each<Record<string, string>>([{ 'A=B': 'x' }, { '': 'x' }, { '1A': 'x' }, { A: 'x\0y' }])('refuses %o', (env) => {
    expect(() => build({ env })).toThrow(expect.objectContaining({ code: 'input.invalid' }));
  });

  it('knows which of its values are secrets', () => {
    expect(secretValues(build({ passEnv: ['SECRET_KEY', 'OTHER'], env: { API_TOKEN: 'short' } }))).toEqual([
      'abcdefgh',
    ]);
  });
});

describe('the MCP configuration', () => {
  it('names the token’s file', () => {
    expect(JSON.parse(mcpConfig({ command: '/bin/heph', args: ['mcp'] }, '/data', '/f/token'))).toEqual({
      mcpServers: { heph: { command: '/bin/heph', args: ['mcp', '--data', '/data', '--token-file', '/f/token'] } },
    });
  });
});
