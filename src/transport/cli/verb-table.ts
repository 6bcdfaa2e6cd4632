import { COMMANDS } from '../../commands/index.ts';
import { QUERIES } from '../../queries/index.ts';
import { describeVerbs, type Verb } from './verb.ts';

/** Every generated verb. The build replaces this module by its value. */
export const VERBS: readonly Verb[] = [...describeVerbs('command', COMMANDS), ...describeVerbs('query', QUERIES)];
