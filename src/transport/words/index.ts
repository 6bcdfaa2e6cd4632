/**
 * How Hephaestus says what it shows: states, reasons, ages, tokens, money, bytes. Pure, without Node and without the server, so
 * that the page and the command line import the same words. `web/` may import this folder's front door and the stream client, and
 * nothing else of `src/`.
 *
 *     const { word, tone, shape } = stateWord('agent', row.status);   // 'live.needs_input' → needs input, attention, !
 *
 * The states stand in `kernel/state-words.ts`, because refusals name them as well.
 */
export { type StateWord, type Subject, type Tone, SHAPES, stateWord, wordOf } from '../../kernel/state-words.ts';
export { age, ago, bytes, count, dollars, duration, known, percent, scoreText, tokens, UNKNOWN } from './amounts.ts';
export { signalWord } from '../../kernel/signal-words.ts';
export { coherenceWord, troubleWord } from './coherence.ts';
export { reasonWord } from './reasons.ts';
