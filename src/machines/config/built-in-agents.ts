import { type AgentPreset, agentPresetSchema } from './settings.ts';

/** How a person's own network is reached: a proxy, and whom to trust on the way. */
const NETWORK = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'];

/**
 * The agents that exist without configuration. `repair` is ours and needs no key; the others start coding agents that a
 * user has installed and signed in. Settings under `agents.<name>` replace an entry or add one.
 *
 * The prompt goes as an argument or a file, never as keystrokes; a CLI's own update checks and telemetry are off; MCP is
 * given by file or flag, so that the user's own configuration (and sign-in) stays in use and untouched.
 */
export const BUILT_IN_AGENTS: Readonly<Record<string, AgentPreset>> = Object.fromEntries(
  Object.entries({
    repair: {
      conflicts: 'anew',
      reviews: false,
      argv: [
        '{heph_node}',
        '{repair_agent}',
        '--task-id',
        '{task_id}',
        '--worktree',
        '{worktree}',
        '--mcp-config',
        '{mcp_config}',
        '--prompt-file',
        '{prompt_file}',
        '--check',
        '{check}',
      ],
    },
    claude: {
      output: 'claude',
      argv: [
        'claude',
        '-p',
        '--mcp-config',
        '{mcp_config}',
        '--strict-mcp-config',
        '--permission-mode',
        'acceptEdits',
        '--allowedTools',
        'mcp__heph,Bash,Edit,Write,Read,Glob,Grep',
        '--output-format',
        'stream-json',
        '--verbose',
        '--',
        '{prompt}',
      ],
      env: {
        DISABLE_AUTOUPDATER: '1',
        DISABLE_TELEMETRY: '1',
        DISABLE_ERROR_REPORTING: '1',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      },
      passEnv: [
        'ANTHROPIC_API_KEY',
        'ANTHROPIC_AUTH_TOKEN',
        'ANTHROPIC_BASE_URL',
        'CLAUDE_CONFIG_DIR',
        'CLAUDE_CODE_OAUTH_TOKEN',
        ...NETWORK,
      ],
    },
    codex: {
      output: 'codex',
      argv: [
        'codex',
        'exec',
        '--json',
        '-s',
        'workspace-write',
        '--skip-git-repo-check',
        '-C',
        '{worktree}',
        '-c',
        'check_for_update_on_startup=false',
        '-c',
        'analytics.enabled=false',
        '-c',
        'mcp_servers.heph.command={mcp_command_json}',
        '-c',
        'mcp_servers.heph.args={mcp_args_json}',
        '-c',
        'mcp_servers.heph.default_tools_approval_mode="approve"',
        '--',
        '{prompt}',
      ],
      passEnv: ['OPENAI_API_KEY', 'OPENAI_BASE_URL', 'CODEX_HOME', 'CODEX_API_KEY', ...NETWORK],
    },
    opencode: {
      output: 'opencode',
      argv: ['opencode', 'run', '--format', 'json', '--', '{prompt}'],
      env: {
        OPENCODE_CONFIG: '{agent_dir}/opencode.json',
        OPENCODE_DISABLE_MODELS_FETCH: '1',
        OPENCODE_DISABLE_AUTOUPDATE: '1',
      },
      passEnv: [
        'OPENCODE_API_KEY',
        'ANTHROPIC_API_KEY',
        'OPENAI_API_KEY',
        'OPENROUTER_API_KEY',
        // Where the sign-in and the configuration lie, when not in their usual places.
        'XDG_CONFIG_HOME',
        'XDG_DATA_HOME',
        'XDG_STATE_HOME',
        'XDG_CACHE_HOME',
        ...NETWORK,
      ],
      files: {
        'opencode.json': JSON.stringify({
          $schema: 'https://opencode.ai/config.json',
          autoupdate: false,
          share: 'disabled',
          permission: { edit: 'allow', bash: 'allow' },
          mcp: { heph: { type: 'local', command: '{mcp_argv_json}', enabled: true } },
        }).replace('"{mcp_argv_json}"', '{mcp_argv_json}'),
      },
    },
  }).map(([name, preset]) => [name, agentPresetSchema.parse(preset)]),
);

/** How an agent of that name is started; null when there is none. */
export function presetOf(name: string, configured: Readonly<Record<string, AgentPreset>>): AgentPreset | null {
  return (
    (Object.hasOwn(configured, name) ? configured[name] : undefined) ??
    (Object.hasOwn(BUILT_IN_AGENTS, name) ? BUILT_IN_AGENTS[name] : undefined) ??
    null
  );
}
