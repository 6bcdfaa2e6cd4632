import { BUILT_IN_AGENTS, type AgentPreset } from '../../src/machines/config/index.ts';
import type { RealCli } from './real-clis.ts';

/**
 * The shipped presets with what a test needs and no more: another model's address, homes inside the agent's own
 * folder, and nothing that a CLI does on its own initiative. Their arguments are the shipped ones.
 */
export function isolated(name: RealCli, model: string, proxy: string, modelName = 'scripted'): AgentPreset {
  const shipped = BUILT_IN_AGENTS[name] as AgentPreset;
  const { env, files } = CHANGES[name](model, modelName);
  const proxies = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, ALL_PROXY: proxy, NO_PROXY: '127.0.0.1,localhost' };
  const lower = Object.fromEntries(Object.entries(proxies).map(([key, value]) => [key.toLowerCase(), value]));
  return {
    ...shipped,
    // Nothing of the person's who runs the tests.
    passEnv: [],
    // npm, which the stories run the tests with, looks for news of itself.
    env: {
      ...shipped.env,
      HOME: '{agent_dir}/home',
      npm_config_update_notifier: 'false',
      ...proxies,
      ...lower,
      ...env,
    },
    files: { ...shipped.files, 'home/.keep': '', ...files },
  };
}

type Change = (model: string, modelName: string) => { env: Record<string, string>; files: Record<string, string> };

const CHANGES: Readonly<Record<RealCli, Change>> = {
  codex: (model, modelName) => ({
    env: { CODEX_HOME: '{agent_dir}/codex' },
    files: {
      // The model's name decides about its tools: one that it does not know gets plain ones.
      'codex/config.toml': `model = "${modelName}"
model_provider = "scripted"
[model_providers.scripted]
name = "scripted"
base_url = "${model}/v1"
wire_api = "responses"
[features]
plugins = false
apps = false
`,
    },
  }),
  claude: (model) => ({
    env: {
      CLAUDE_CONFIG_DIR: '{agent_dir}/claude',
      ANTHROPIC_BASE_URL: model,
      ANTHROPIC_API_KEY: 'scripted-key',
      // The script does not search for tools.
      ENABLE_TOOL_SEARCH: 'false',
    },
    files: { 'claude/.keep': '' },
  }),
  opencode: (model) => ({
    env: {
      XDG_CONFIG_HOME: '{agent_dir}/xdg/config',
      XDG_DATA_HOME: '{agent_dir}/xdg/data',
      XDG_STATE_HOME: '{agent_dir}/xdg/state',
      XDG_CACHE_HOME: '{agent_dir}/xdg/cache',
      // It installs its own plug-in library beside each configuration it finds.
      npm_config_registry: 'http://127.0.0.1:1/',
    },
    files: {
      'xdg/config/opencode/opencode.json': JSON.stringify({
        model: 'scripted/scripted',
        small_model: 'scripted/scripted',
        enabled_providers: ['scripted'],
        provider: {
          scripted: {
            npm: '@ai-sdk/openai-compatible',
            name: 'scripted',
            options: { baseURL: `${model}/v1`, apiKey: 'scripted-key' },
            models: { scripted: { name: 'scripted', limit: { context: 100_000, output: 8_000 } } },
          },
        },
      }),
    },
  }),
};
