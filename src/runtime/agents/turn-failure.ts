import { at, innermost, jsonLines, type Line, words } from './json-lines.ts';

/** The forms of output that are understood: plain text, or the JSON lines of one CLI. */
export type OutputForm = 'text' | 'codex' | 'claude' | 'opencode';

/** What a line says of the turn: why it fails, null that it goes on or went well, undefined nothing. */
type Reading = string | null | undefined;

const REASON_CHARS_MAX = 500;

/**
 * Why the last turn failed, in the CLI's own words; null when it did not, or when nothing tells. An exit code alone is not
 * believed: these CLIs may end with 0 although the model never answered, and with `"subtype": "success"` beside an error.
 * `output` is plain text, perhaps cut off at its beginning.
 */
export function turnFailure(form: OutputForm, output: string): string | null {
  if (form === 'text') return null;
  let failure: string | null = null;
  for (const line of jsonLines(output)) {
    const reading = READERS[form](line);
    if (reading !== undefined) failure = reading;
  }
  return failure === null ? null : failure.slice(0, REASON_CHARS_MAX);
}

const READERS: Readonly<Record<Exclude<OutputForm, 'text'>, (line: Line) => Reading>> = {
  codex(line) {
    switch (line.type) {
      case 'turn.failed':
        return innermost(at(line, 'error', 'message')) || 'The turn failed.';
      // Also a notice of a retry, which whatever comes after it takes back.
      case 'error':
        return innermost(line.message) || 'An error without a message.';
      case 'turn.started':
      case 'turn.completed':
      case 'item.started':
        return null;
      case 'item.completed':
        // An item of this type is a warning.
        return at(line, 'item', 'type') === 'error' ? undefined : null;
      default:
        return undefined;
    }
  },
  claude(line) {
    switch (line.type) {
      case 'result': {
        const why = line.terminal_reason;
        const ended = why === undefined || why === 'completed';
        if (line.is_error !== true && ended) return null;
        return words(line.result) || `The turn ended with ${words(why) || words(line.subtype) || 'an error'}.`;
      }
      case 'system':
        return line.subtype === 'api_retry'
          ? `${words(line.error)} (${String(line.error_status)}), retried`
          : undefined;
      case 'assistant':
      case 'user':
        return null;
      default:
        return undefined;
    }
  },
  opencode(line) {
    switch (line.type) {
      case 'error':
        return words(at(line, 'error', 'data', 'message')) || words(at(line, 'error', 'name')) || 'An error.';
      case 'step_start':
      case 'step_finish':
      case 'tool_use':
      case 'text':
        return null;
      default:
        return undefined;
    }
  },
};
