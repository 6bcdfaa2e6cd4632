import { plainLine } from '../../../kernel/plain-text.ts';
import { contestLine } from '../best-of/progress.ts';
import { duration, percent, signalWord, stateWord } from '../../words/index.ts';
import type { Check, Story, TaskStory, WireEvent } from './story.ts';

/** What an event means to somebody who watches: a heading, a line below it, or nothing worth a line. */
export function progressOf(event: WireEvent, story: Story): { heading: boolean; text: string } | null {
  const text = headingOf(event, story);
  if (text !== null) return { heading: true, text };
  const line = event.stream.startsWith('bestOfN-') ? contestLine(event) : lineOf(event, story);
  return line === null ? null : { heading: false, text: plainLine(line) };
}

function headingOf({ type, data }: WireEvent, story: Story): string | null {
  switch (type) {
    case 'WorkflowStarted': {
      const { path, baseBranch, baseCommit } = story.repository;
      return plainLine(
        `${story.title} on ${path} (${baseBranch} at ${baseCommit.slice(0, 8)}), run ${story.workflowId}`,
      );
    }
    case 'PhaseStarted':
      return plainLine(`${capital(String(data.phase))}${(data.round as number) > 1 ? `, round ${data.round}` : ''}`);
    case 'DeliveryStarted':
      return 'Delivery';
    default:
      return null;
  }
}

function lineOf(event: WireEvent, story: Story): string | null {
  const { type, data } = event;
  const task = story.tasks.get(event.meta.scope?.taskId ?? event.stream.replace(/^task-/, ''));
  const about = (text: string) => (task ? `${task.title}: ${text}` : text);
  switch (type) {
    case 'BaselineRecorded':
      return `Before the work: ${checkText(data.check as Check)}`;
    case 'PhaseCompleted':
      return data.outcome === 'green'
        ? null
        : data.outcome === 'red'
          ? `${capital(String(data.phase))} is red`
          : `${capital(String(data.phase))} had nothing to do`;
    case 'ResultSubmitted':
      return `Result submitted by ${data.by}: ${data.summary}`;
    case 'ResultReviewRequested':
      return `The result waits for the review ${data.reviewId}`;
    case 'ResultAccepted':
      return 'The result is accepted';
    case 'ResultRejected':
      return `The result is rejected (${data.code}): ${data.feedback}`;
    case 'WorkflowPaused':
      return `Paused by ${data.by}${because(data.reason)}`;
    case 'WorkflowResumed':
      return `Resumed by ${data.by}`;
    case 'TaskCreated':
      return `New task: ${data.title}`;
    case 'TaskBoosted':
      return about('moved to the front of the queue');
    case 'TaskStarted':
      return about(startText(data, task));
    case 'TaskProgressed':
      return about(`${data.message}${data.fraction === null ? '' : ` (${percent(data.fraction as number)})`}`);
    case 'WorkSubmitted':
      return data.how === 'server'
        ? null
        : about(
            data.how === 'exited'
              ? 'the agent ended; its work is checked'
              : `reported as done${data.summary ? `: ${data.summary}` : ''}`,
          );
    case 'TreeKept':
      return filesText(data.files as { path: string }[], data.filesMore as number, about);
    case 'ValidationPassed':
      return about(`good: ${data.verdict}${inBrackets(fromCache(data.check as Check | null))}`);
    case 'ValidationFailed':
    case 'WorkSentBack':
      return about(`sent back (${data.code}): ${data.feedback}`);
    case 'AttemptFailed':
      return about(`attempt ${data.attempt} came to nothing (${data.code}): ${data.reason}`);
    case 'TaskMerged':
      return about(`merged as ${String(data.commit).slice(0, 8)}`);
    case 'TaskFailed':
      return about(`failed (${data.code}): ${data.reason}`);
    case 'TaskCancelled':
      return about(`cancelled by ${data.by}${because(data.reason)}`);
    case 'TaskRestarted':
      return about(`started again by ${data.by}`);
    case 'AccessDenied':
      return about(`refused to its agent: ${data.what} (${data.code})`);
    case 'AgentNeedsInput':
      return about(`its agent waits for input; look with: heph agent attach ${event.meta.scope?.agentId ?? ''}`);
    case 'AgentRateLimited':
      return about('its agent is rate-limited');
    case 'AgentWentSilent':
      return about(`no signal of its agent: ${data.evidence}`);
    case 'WarningRaised':
      return about(`its agent is warned of ${signalWord(String(data.warning))}: ${data.reason}`);
    case 'StopDecided':
      return about(`its agent is to be stopped: ${data.reason}`);
    case 'AgentFailed':
    case 'AgentLost':
      return about(`its agent ${type === 'AgentLost' ? 'is lost' : 'did not start'}: ${data.reason}`);
    case 'BatchStarted':
      return `${(data.candidateIds as string[]).length} changes are merged and checked together`;
    case 'BatchChecked':
      return data.pass ? null : `The first ${data.count} of them do not pass together; who is at fault is looked for`;
    case 'RevertHandedOver':
      return `A revert conflicts in ${(data.files as string[]).join(', ')}; an agent resolves that`;
    case 'CandidateRefused':
      return `Not merged (${data.code}): ${data.reason}`;
    default:
      return null;
  }
}

function startText({ agentId, attempt }: WireEvent['data'], task: TaskStory | undefined): string {
  if (task?.candidates) return `${task.candidates} candidates work for it`;
  if (agentId === null) return 'checked by the server';
  const again = (attempt as number) > 1 ? `, attempt ${String(attempt)}` : '';
  return `${task?.agent ?? 'agent'} works on it${again} (${String(agentId)})`;
}

export function checkText(check: Check): string {
  const counts = check.failed === null ? '' : `, ${check.passed} tests pass, ${check.failed} fail`;
  const known = fromCache(check);
  return `${check.command} ${stateWord('check', check.status).word}${counts} (${duration(check.durationMs)}${known && `, ${known}`})`;
}

function fromCache(check: Check | null): string {
  return check?.cache ? `${check.cache.cached} of ${check.cache.checks} from the cache` : '';
}

function filesText(files: { path: string }[], more: number, about: (text: string) => string): string | null {
  if (files.length === 0) return null;
  const names = files.slice(0, 3).map((file) => file.path);
  const others = files.length - names.length + more;
  return about(`changed ${names.join(', ')}${others > 0 ? ` and ${others} more` : ''}`);
}

function inBrackets(text: string): string {
  return text && ` (${text})`;
}

function because(reason: unknown): string {
  return reason ? `: ${String(reason)}` : '';
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1).replaceAll('_', ' ');
}
