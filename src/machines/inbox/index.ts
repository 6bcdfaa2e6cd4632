/** What people have put aside of what waits for them. The matters themselves follow from the log: `projections/inbox`. */
export { INBOX_ID, inboxCommands } from './commands.ts';
export { type InboxFact, inboxFacts } from './events.ts';
export { type Inbox, inboxActor, inboxChart } from './machine.ts';
