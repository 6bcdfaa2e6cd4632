import type { ComponentType } from 'react';
import { InboxBadge } from '../inbox/badge.tsx';
import { PastButton } from './past-button.tsx';

/** What other parts of the page put into the bar at its top, from left to right: the slider, the inbox. */
export const TOP_BAR: readonly ComponentType[] = [PastButton, InboxBadge];
