/** What an agent's template may name. */
export interface PlaceholderValues {
  prompt_file: string;
  prompt: string;
  worktree: string;
  mcp_config: string;
  task_id: string;
  agent_id: string;
  token_file: string;
  agent_dir: string;
  /** The bridge's program, its arguments, and both as one list, as JSON (which is TOML too): for CLIs that are configured by flags. */
  mcp_command_json: string;
  mcp_args_json: string;
  mcp_argv_json: string;
}

const PLACEHOLDER =
  /\{(prompt_file|prompt|worktree|mcp_config|task_id|agent_id|token_file|agent_dir|mcp_command_json|mcp_args_json|mcp_argv_json)\}/g;

/**
 * Puts values in their places within one element of an argument list, one value of the environment, or one file. Values
 * are data: what looks like a placeholder in a value stays as it is, and no element is ever split. Other braces are kept.
 */
export function expandPlaceholders(template: string, values: PlaceholderValues): string {
  return template.replace(PLACEHOLDER, (_whole, name: keyof PlaceholderValues) => values[name]);
}
