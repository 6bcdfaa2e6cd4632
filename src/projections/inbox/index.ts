import { z } from 'zod';
import { defineProjection, type FoldedView } from '../define-projection.ts';
import { foldInbox } from './fold.ts';
import { renderInbox } from './render.ts';
import { type InboxState, initialInbox } from './state.ts';

export const inboxProjection = defineProjection<InboxState>({
  name: 'inbox',
  v: 2,
  init: initialInbox,
  fold: foldInbox,
  render: renderInbox,
});

/** What needs a person, one row per matter, with the commands that settle it. */
export const inboxView: FoldedView = { name: 'inbox', params: z.strictObject({}), overall: inboxProjection };
