/** How the agent's client reaches us: a bridge over stdio, because a sandboxed agent cannot open our socket. */
export interface McpBridge {
  command: string;
  args: readonly string[];
}

/** The `mcp.json` that most clients read. It names the token's file and never the token. */
export function mcpConfig(bridge: McpBridge, dataDirectory: string, tokenFile: string): string {
  const args = bridgeArguments(bridge, dataDirectory, tokenFile);
  return `${JSON.stringify({ mcpServers: { heph: { command: bridge.command, args } } }, null, 2)}\n`;
}

export function bridgeArguments(bridge: McpBridge, dataDirectory: string, tokenFile: string): string[] {
  return [...bridge.args, '--data', dataDirectory, '--token-file', tokenFile];
}
