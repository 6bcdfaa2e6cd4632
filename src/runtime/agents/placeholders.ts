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
}

const PLACEHOLDER = /\{(prompt_file|prompt|worktree|mcp_config|task_id|agent_id|token_file|agent_dir)\}/g;

/**
 * Puts values in their places within one element of an argument list, one value of the environment, or one file. Values
 * are data: what looks like a placeholder in a value stays as it is, and no element is ever split. Other braces are kept.
 */
export function expandPlaceholders(template: string, values: PlaceholderValues): string {
  return template.replace(PLACEHOLDER, (_whole, name: keyof PlaceholderValues) => values[name]);
}
