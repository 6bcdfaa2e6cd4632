/** Which line a key completes. `begun`: the keys before it; the rest of a sequence is waited for as `{begun}`. */
export function matchKey(
  table: readonly { keys: string }[],
  begun: string,
  key: string,
): { line: number } | { begun: string } {
  for (const typed of begun ? [`${begun} ${key}`, key] : [key]) {
    const line = table.findIndex(({ keys }) => keys === typed);
    if (line >= 0) return { line };
    if (table.some(({ keys }) => keys.startsWith(`${typed} `))) return { begun: typed };
  }
  return { begun: '' };
}
