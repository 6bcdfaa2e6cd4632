import { expect, it } from 'vitest';
import { progressOf } from './progress.ts';
import { newStory, type WireEvent } from './story.ts';

const event = (type: string, data: Record<string, unknown>): WireEvent => ({
  ...{ id: 'evt_1', stream: 'guardian-agt_1', revision: 1, position: '1', v: 1, at: 0, type, data },
  meta: { actor: 'process:guardian', scope: { agentId: 'agt_1' } },
});

it('tells who follows a run of warnings and of what comes of them, in the words of the page', () => {
  const warned = event('WarningRaised', { warning: 'loops', reason: '4 times the same: $ ls', stopAfterMs: null });
  expect(progressOf(warned, newStory('wfl_1'))).toEqual({
    heading: false,
    text: 'its agent is warned of going in circles: 4 times the same: $ ls',
  });
  const stopped = event('StopDecided', { warning: 'silence', reason: 'Nothing of it works.' });
  expect(progressOf(stopped, newStory('wfl_1'))?.text).toBe('its agent is to be stopped: Nothing of it works.');
  expect(progressOf(event('AgentJudged', {}), newStory('wfl_1'))).toBeNull();
});
