/** What a guardian looks at and warns of, in a few words: in the page, on the command line and in the timeline alike. By its name. */
const WORDS: Readonly<Record<string, string>> = {
  silence: 'silence',
  repeated_errors: 'same error again',
  outside_scope: 'files out of bounds',
  loops: 'going in circles',
  budget: 'time and budget',
  regression: 'tests getting worse',
  orphan: 'nobody’s agent',
};

/** One that is not in the table is said as it is written, with spaces. */
export function signalWord(name: string): string {
  return Object.hasOwn(WORDS, name) ? (WORDS[name] as string) : name.replaceAll('_', ' ');
}
