/** `/api/stream`: events, views, terminals and commands over one socket; what is said there is in docs/stream-protocol.md. */
export { createTickets, type Tickets } from './tickets.ts';
export { createWsFace, WS_PATH, type WsFace, type WsParts } from './ws-face.ts';
