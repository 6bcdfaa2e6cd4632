/**
 * An agent is a program of somebody else's, started from a template in a terminal of its own. What it is given is made
 * here: arguments, environment, prompt file, MCP configuration, token file. How it is kept is the terminals' matter.
 */
export type { AgentHands, AgentLog } from './agent-hands.ts';
export { agentEnvironment, secretValues } from './environment.ts';
export { mcpConfig, type McpBridge } from './mcp-config.ts';
export { expandPlaceholders, type PlaceholderValues } from './placeholders.ts';
export { turnFailure } from './turn-failure.ts';
