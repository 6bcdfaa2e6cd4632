/** The effective configuration as facts: every decision names the version it read. */
export { BUILT_IN_AGENTS, presetOf } from './built-in-agents.ts';
export { CONFIG_ID, type ConfigCommand, configCommands } from './commands.ts';
export { type DescribedSetting, describedSettings } from './described.ts';
export { defaultValues, settingPaths, settingsFromEnvironment, variableOf } from './environment.ts';
export { type ConfigFact, configFacts } from './events.ts';
export { type Config, configActor, settingsFrom } from './machine.ts';
export { type AgentPreset, agentPresetSchema, DEFAULT_SETTINGS, type Settings, settingsSchema } from './settings.ts';
