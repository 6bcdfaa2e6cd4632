// Cursor reports, device attributes, mode reports, focus, OSC and DCS answers: what terminals say by themselves.
// oxlint-disable-next-line no-control-regex
const REPLIES = /\x1b\[\??[\d;]*(?:R|c|n|\$y)|\x1b\[[>=][\d;]*c|\x1b\[[IO]|\x1b[\]P][^\x07\x1b]*(?:\x07|\x1b\\)/g;

/**
 * What a person typed into a terminal, without what the terminal itself answers to queries in the output: typed into an
 * agent, an answer would be words of whoever wrote the output.
 */
export function withoutReplies(typed: string): string {
  return typed.replace(REPLIES, '');
}
