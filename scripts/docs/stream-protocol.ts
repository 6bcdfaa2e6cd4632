import type { z } from 'zod';
import { CLOSE, clientMessages, HEARTBEAT_MS, LIMITS, serverMessages } from '../../src/transport/ws/protocol.ts';
import { code, page, type Pages, table } from './markdown.ts';
import { type Field, fieldsOf, shapeOf, words } from '../../src/kernel/schema-words.ts';

/** What is said on `/api/stream`, message by message, from the schemas that the server parses by. */
export function streamPages(): Pages {
  return {
    'stream-protocol.md': page(
      'The stream protocol',
      'One WebSocket, `GET /api/stream`, carries events, views and terminals as they happen, and commands. Each text message is one JSON object with a `type`. A client may carry any number of subscriptions on one socket, each under an `id` of its own choosing. The package’s own client, `heph/stream-client`, speaks all of this for pages and programs: it connects again by itself, goes on where it was, and sends each command until it is answered.',
      '## Opening',
      'With `Authorization: Bearer <token>` (`heph token` prints the operator’s), or, from a page that the server served, with a ticket: `POST /api/stream-tickets` answers `path`, which opens one socket within half a minute. With a ticket the `Origin` header must be there and name the server exactly; without one it may be absent and must be right where it is there. A cookie alone opens nothing. A refusal is an HTTP answer with the usual body: 401, 403, 429, 503.',
      'An agent’s token opens a socket that is told of the events of its own task and takes the commands that its phase allows. The socket ends when the agent does.',
      '## Resuming',
      `Positions are decimal numbers and are of one log, which ${code('welcome')} names as ${code('logId')}. Remember, per subscription, the position of its last ${code('events')} message, or of a later ${code('heartbeat')} once it has caught up; after a break subscribe again with ${code('after')} that position and ${code('logId')}. Everything behind it comes once, in order. Where that cannot be, the answer is an error, never a gap: ${code('stream.resume_too_old')} when the position is of another log, ${code('position.ahead')} when the log does not reach that far (it was restored from a copy).`,
      'A view begins anew on a new socket, with a `snapshot`. A terminal goes on from the cursor behind its last byte.',
      '## Reading what you wrote',
      `The ${code('answer')} to a command carries its position. ${code('reach')} asks a view that is followed to show it: what changes comes first, then ${code('reached')}.`,
      '## Terminals',
      'Their bytes are the only binary messages: 4 bytes, the `handle` of the subscription; 8 bytes, the cursor of the first byte that follows, both as unsigned integers, the most significant byte first; then the bytes as the program printed them, known secrets taken out. A cursor that is further than where the last message ended means that the transcript no longer had what was between: it is a ring. They are hostile text: escape sequences must not reach a clipboard or a title, and no answer to them may be typed.',
      '## Slow clients',
      `What is told as it happens waits for a client up to ${LIMITS.waitingBytes / 1024 / 1024} MiB or ${LIMITS.waitingEvents} events. Then the server closes with ${CLOSE.tooSlow}; the reason names the position to resume from. What lies in the past, views and terminals are sent at the client’s own speed and fill nothing; of a view, a slow client gets fewer and larger changes.`,
      '## Heartbeats',
      `Every ${HEARTBEAT_MS / 1000} s the server sends ${code('heartbeat')} and a WebSocket ping. It cuts off a client that has answered neither two pings nor read anything meanwhile. A client that has heard nothing for longer than two of them should connect again.`,
      '## Limits',
      table(
        ['limit', 'value'],
        Object.entries(LIMITS).map(([name, value]) => [code(name), String(value)]),
      ),
      'A message that breaks one is answered with an error; one that is larger than `messageBytes` ends the socket with 1009.',
      '## Close codes',
      'The reason is JSON: `{"code": …, "position"?: …}`, the code one of [errors.md](errors.md).',
      table(
        ['code', 'when'],
        [
          [String(CLOSE.goingAway), 'The server stops or restarts. Connect again.'],
          [String(CLOSE.ended), 'The log is closed or cannot be read. Connect again.'],
          ['1009', 'A message was larger than a client may send.'],
          [String(CLOSE.tooSlow), 'The client did not keep up. Connect again and resume.'],
          [String(CLOSE.unknownToken), 'The token is known no more: its agent has ended.'],
        ],
      ),
      '## What a client sends',
      ...sections(clientMessages, 'input'),
      '## What the server sends',
      ...sections(serverMessages, 'output'),
    ),
  };
}

function sections(messages: Record<string, z.ZodType>, side: 'input' | 'output'): string[] {
  return Object.entries(messages).flatMap(([name, schema]) => {
    const fields = fieldsOf(shapeOf(schema, side)).filter((field) => field.name !== 'type');
    return [
      `### ${code(name)}`,
      schema.description ?? '',
      ...(fields.length === 0 ? [] : [table(['field', 'type', 'present', 'meaning'], fields.map(row))]),
    ];
  });
}

function row({ name, shape, required }: Field): string[] {
  const absent = shape.default === undefined ? 'optional' : `optional: ${code(JSON.stringify(shape.default))}`;
  return [code(name), words(shape), required ? 'always' : absent, shape.description ?? ''];
}
