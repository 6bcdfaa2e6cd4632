import type { TestOutcome } from '../runtime/runner.ts';

const MESSAGE_CHARS_MAX = 4_000;
const TAG =
  /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<(\/?)([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>/g;
const ATTRIBUTE = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

/**
 * The test cases of a JUnit report, as the many tools write it; null when it is none. Only elements and attributes are
 * read: no entity of a document's own, no file, no address.
 */
export function junitOutcomes(text: string): TestOutcome[] | null {
  if (!/<testsuites?[\s>/]/.test(text)) return null;
  const outcomes: TestOutcome[] = [];
  let current: TestOutcome | null = null;
  for (const [, closing, name, attributes = '', alone] of text.matchAll(TAG)) {
    if (name === 'testcase') {
      current = closing ? null : caseOf(attributesIn(attributes));
      if (current) outcomes.push(current);
      if (alone) current = null;
    } else if (current && !closing && (name === 'failure' || name === 'error')) {
      current.status = 'failed';
      current.message = (attributesIn(attributes).message ?? '').slice(0, MESSAGE_CHARS_MAX);
    } else if (current && !closing && name === 'skipped' && current.status === 'passed') current.status = 'skipped';
  }
  return numbered(outcomes);
}

function caseOf({ name = '', classname = '', file = '' }: Record<string, string | undefined>): TestOutcome {
  const id = [...new Set([file, classname, name])].filter(Boolean).join(' > ');
  return { id, file, name: classname ? `${classname} > ${name}` : name, status: 'passed' };
}

function attributesIn(text: string): Record<string, string | undefined> {
  return Object.fromEntries(
    Array.from(text.matchAll(ATTRIBUTE), ([, name, double, single]) => [name, plain(double ?? single ?? '')]),
  );
}

function plain(text: string): string {
  return text.replace(
    /&(?:(lt|gt|quot|apos|amp)|#(x?)([0-9a-f]{1,6}));/gi,
    (whole, name?: string, hex?: string, digits?: string) => {
      if (name) return ENTITIES[name.toLowerCase()] as string;
      const code = Number.parseInt(digits ?? '', hex ? 16 : 10);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

/** Parameters of a test often have no name of their own. */
function numbered(outcomes: TestOutcome[]): TestOutcome[] {
  const seen = new Map<string, number>();
  return outcomes.map((outcome) => {
    const count = (seen.get(outcome.id) ?? 0) + 1;
    seen.set(outcome.id, count);
    return count === 1 ? outcome : { ...outcome, id: `${outcome.id} #${count}` };
  });
}
