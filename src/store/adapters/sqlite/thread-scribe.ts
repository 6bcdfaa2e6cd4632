import type { MessagePort } from 'node:worker_threads';
import { connect } from './schema.ts';
import { openScribe, type Scribe } from './scribe.ts';
import { type Answer, decodeAsked, encodeError, encodeGroup, type Opened, type Question } from './thread-messages.ts';

/**
 * The other end of `openThreadLink`: opens the log of `directory` and writes what `port` asks, until it is told to close.
 * When the log cannot be opened it says why, and the thread ends.
 */
export function serveScribe(port: MessagePort, directory: string): void {
  const say = (answer: Answer) => port.postMessage(answer);
  try {
    const scribe = openScribe(directory, connect);
    port.on(
      'message',
      serving(scribe, say, () => port.close()),
    );
    say({ done: { epoch: scribe.epoch, position: scribe.position } satisfies Opened });
  } catch (error) {
    say({ failed: encodeError(error) });
  }
}

function serving(scribe: Scribe, say: (answer: Answer) => void, end: () => void): (question: Question) => void {
  let told = false;
  // Before the refusal that comes of it, so that whoever was refused finds the log stopped.
  function tellOfStop(): void {
    const stopped = scribe.stopped();
    if (!stopped || told) return;
    told = true;
    say({ stopped: encodeError(stopped) });
  }
  return (question) => {
    const answer = answerTo(scribe, question);
    tellOfStop();
    say(answer);
    if (question === 'close') return end();
    scribe.tidy();
    tellOfStop();
  };
}

function answerTo(scribe: Scribe, question: Question): Answer {
  try {
    return { done: act(scribe, question) };
  } catch (error) {
    return { failed: encodeError(error) };
  }
}

function act(scribe: Scribe, question: Question): unknown {
  if (question === 'finish') return scribe.finish();
  if (question === 'close') return scribe.close();
  return encodeGroup(scribe.write(decodeAsked(question)));
}
