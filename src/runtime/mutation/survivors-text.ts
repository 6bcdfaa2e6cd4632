import { plainLine } from '../../kernel/plain-text.ts';
import type { MutationResult, SurvivingMutant } from './mutation.ts';

const LISTED_MAX = 20;
const SOURCE_CHARS_MAX = 80;

/** What was measured, for people and for the agent whose change it is: the numbers, then each survivor with its line. */
export function describeMutation(result: MutationResult): string {
  if (!result.measured) return `Whether the tests see the change was not measurable: ${result.reason}`;
  const { mutants, survived, untested, unmeasured } = result;
  const tried = mutants - untested;
  const parts = [`The tests noticed ${tried - survived.length} of ${tried} small changes to the changed lines.`];
  if (untested > 0) parts.push(`The time budget did not reach ${untested} more.`);
  if (unmeasured.length > 0) parts.push(`Not measured: ${unmeasured.map(quoted).join(', ')}.`);
  const lines = survived.slice(0, LISTED_MAX).map((one) => `- ${sentence(one)}`);
  if (survived.length > LISTED_MAX) lines.push(`- and ${survived.length - LISTED_MAX} more`);
  return [parts.join(' '), ...lines].join('\n');
}

function sentence({ file, line, column, original, replacement, ran }: SurvivingMutant): string {
  const change = replacement === '' ? 'was removed' : `was changed to ${code(replacement)}`;
  const place = `${quoted(file)}:${line}:${column}`;
  return `${place}: the tests pass although ${code(original)} ${change}${ran ? '' : ' (no test was seen to run it)'}`;
}

// A name or a line of source is an agent's text: it must not forge lines of this report.
const quoted = (file: string) => (/^[\w./@+-]+$/.test(file) ? file : JSON.stringify(plainLine(file)));

function code(source: string): string {
  const line = plainLine(source, SOURCE_CHARS_MAX);
  return line.includes('`') ? `\`\` ${line} \`\`` : `\`${line}\``;
}
