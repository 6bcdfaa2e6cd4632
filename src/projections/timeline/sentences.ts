import { signalWord } from '../../kernel/signal-words.ts';
import { wordOf } from '../../kernel/state-words.ts';
import type { AgentFact, Effect } from '../../machines/agent/index.ts';
import { type BestOfNFact, formatWeights, type Score } from '../../machines/best-of-n/index.ts';
import type { CarryOverFact } from '../../machines/carry-over.ts';
import type { CheckRunFact } from '../../machines/check-run/index.ts';
import type { ConfigFact } from '../../machines/config/index.ts';
import type { FleetFact } from '../../machines/fleet/index.ts';
import type { GuardianFact } from '../../machines/guardian/index.ts';
import type { InboxFact } from '../../machines/inbox/index.ts';
import type { MergeTrainFact } from '../../machines/merge-train/index.ts';
import type { PruningFact } from '../../machines/pruning/index.ts';
import type { RunnerFact } from '../../machines/runner/index.ts';
import type { JudgeRecord, TaskFact } from '../../machines/task/index.ts';
import type { CheckSummary, WorkflowFact } from '../../machines/workflow/index.ts';
import type { StoredEvent } from '../../store/event-store.ts';
import { isDeletion, isStoreRecord, metadataIn, TOMBSTONE_TYPE } from '../../store/stream-metadata.ts';

type AnyFact =
  | AgentFact
  | BestOfNFact
  | CarryOverFact
  | CheckRunFact
  | ConfigFact
  | FleetFact
  | GuardianFact
  | InboxFact
  | MergeTrainFact
  | PruningFact
  | RunnerFact
  | TaskFact
  | WorkflowFact;
type AgentEnvironment = NonNullable<Extract<AgentFact, { type: 'WorktreeReady' }>['data']['environment']>;
type Sentences = { [T in AnyFact['type']]: (data: Extract<AnyFact, { type: T }>['data']) => string };

/** Every kind of fact in one sentence for people. A new fact does not compile until it has one. */
export const SENTENCES: Sentences = {
  // config
  ConfigChanged: ({ changes, version }) => `Settings changed to version ${version}: ${listed(Object.keys(changes))}.`,
  ConfigOverridden: ({ overrides, version }) =>
    `The server started with ${listed(Object.keys(overrides)) || 'no settings'} given to it; settings are at version ${version}.`,

  // guardian
  WatchBegun: ({ agentId }) => `${agentId} is looked after from here on.`,
  AgentJudged: ({ score, signals }) =>
    `${score === null ? 'Its coherence is not known' : `Its coherence is ${Math.round(score * 100)} of 100`}${troubled(signals)}.`,
  WarningRaised: ({ warning, reason, stopAfterMs }) =>
    `Warned of ${signalWord(warning)}: ${short(reason)}${stopAfterMs === null ? '' : ` When it lasts for ${seconds(stopAfterMs)}, the agent is stopped.`}`,
  WarningCleared: ({ warning, reason }) => `No longer warned of ${signalWord(warning)}: ${short(reason)}`,
  StopDecided: ({ reason }) => `The agent is to be stopped: ${short(reason)}`,

  // pruning
  PruningStarted: ({ refs, left }) =>
    `The refs of ${refs.length} pieces of kept work are to be removed${left > 0 ? `; ${left} more could be` : ''}.`,
  PruningCompleted: ({ removed, gone, differing }) =>
    `${removed.length} refs of kept work were removed${gone.length > 0 ? `, ${gone.length} were gone already` : ''}${differing.length > 0 ? `; ${differing.length} hold something else and were left` : ''}.`,
  PruningFailed: ({ reason }) => `Kept work could not be pruned: ${reason}`,

  // long-lived actors
  CarriedOver: ({ to }) => `This story goes on in ${to}.`,
  CarriedFrom: ({ from }) => `This story began in ${from}.`,

  // workflow
  WorkflowStarted: ({ definition, goal, repository }) =>
    `Workflow ${definition.name} started on ${repository.baseBranch} of ${repository.path}: ${short(goal)}`,
  RunOpened: ({ commit }) => `The run’s branch was made at ${sha(commit)}.`,
  BaselineRecorded: ({ check }) => `The checks on the base commit: ${verdict(check)}.`,
  PhaseStarted: ({ phase, round, mends }) =>
    `Phase ${phase} began${round > 1 ? `, round ${round}` : ''}${mends === undefined ? '' : ', to mend the result'}.`,
  PhaseCompleted: ({ phase, outcome }) => `Phase ${phase} is over: ${outcome}.`,
  WorkflowPaused: ({ reason, by }) => `The workflow was paused by ${by}${because(reason)}.`,
  WorkflowResumed: ({ by }) => `The workflow was resumed by ${by}.`,
  ResultSubmitted: ({ submission, by, commit, summary }) =>
    `${by} submitted the result ${sha(commit)}${again(submission)}: ${short(summary)}`,
  ResultReviewRequested: ({ reviewId, check }) =>
    `${reviewId} reviews the result${check ? `; checks: ${verdict(check)}` : ''}.`,
  ResultAccepted: ({ commit, criteria }) => `The result ${sha(commit)} was accepted${answered(criteria)}.`,
  ResultRejected: ({ commit, feedback, criteria }) =>
    `The result ${sha(commit)} was rejected${answered(criteria)}: ${short(feedback)}`,
  DeliveryStarted: ({ commit, merge }) =>
    `The result ${sha(commit)} goes ${merge ? 'to the base branch' : 'to its own branch only'}.`,
  WorkflowCompleted: ({ delivery, summary }) =>
    `The workflow is complete; ${delivery.baseBranch} ${delivery.base === 'moved' ? 'holds the result' : 'was left as it was'}. ${short(summary)}`,
  WorkflowFailed: ({ reason }) => `The workflow failed: ${short(reason)}`,
  WorkflowCancelled: ({ reason, by }) => `The workflow was cancelled by ${by}${because(reason)}.`,
  WorkflowAdopted: ({ from, runnerId, reason }) =>
    `The runner ${runnerId} took the workflow over from ${from}: ${reason}`,

  // runner
  RunnerRegistered: ({ runnerId, host }) => `A server works for the runner ${runnerId} on ${host}.`,
  LeaseRenewed: ({ leaseMs }) => `The runner’s server lives; others leave its work alone for ${seconds(leaseMs)}.`,
  RunnerRetired: () => 'The runner’s server was stopped.',

  // task
  TaskCreated: ({ title, phase, createdBy }) => `${createdBy} created the task “${short(title)}” in phase ${phase}.`,
  TaskBlocked: ({ reasons }) => `The task waits: ${reasons.map((reason) => reason.text).join(' ')}`,
  TaskQueued: ({ because }) => `The task is in the queue: ${String(because).replace(/\.$/, '')}.`,
  TaskBoosted: ({ by }) => `The task was put to the front of the queue by ${by}.`,
  TaskPrioritySet: ({ priority, by }) => `${by} gave the task the priority ${priority}.`,
  MessageLeft: ({ text, by }) => `${by} left a message for its next agent: ${short(text)}`,
  TaskAssigned: ({ agentId, attempt }) => `Attempt ${attempt} was given to ${agentId ?? 'the server'}.`,
  TaskStarted: ({ agentId, attempt }) => `${agentId ?? 'The server'} began attempt ${attempt}.`,
  FeedbackAcknowledged: ({ agentId, attempt }) => `${agentId} has got the feedback, in attempt ${attempt}.`,
  TaskProgressed: ({ message, fraction }) =>
    `${fraction === null ? '' : `${Math.round(fraction * 100)} %: `}${short(message)}`,
  UsageReported: ({ inputTokens, outputTokens, costUsd, wallMs }) =>
    `Used ${inputTokens} tokens in, ${outputTokens} out, $${costUsd.toFixed(4)}, ${seconds(wallMs)}.`,
  WorkSubmitted: ({ summary, how }) =>
    how === 'server'
      ? 'The tree is judged as it is.'
      : `The work was handed in${how === 'exited' ? ' when the agent ended' : ''}: ${short(summary)}`,
  TreeKept: ({ commit, files, filesMore }) =>
    commit === null
      ? 'The tree does not differ from its base.'
      : `The work was kept as ${sha(commit)}: ${files.length + filesMore} files.`,
  ReviewRequested: ({ reviewId, verdict: said, judge }) =>
    `The checks have passed, and ${reviewId} reviews the work: ${short(said)}${judges(judge)}`,
  ReviewGiven: ({ verdict: said, feedback, evidence, by }) =>
    `${by} reviewed the work: ${said}. ${short(feedback || evidence)}`,
  ResultValidationGiven: ({ criteria, feedback, by }) =>
    `${by} answered the criteria of the result${answered(criteria)}. ${short(feedback)}`.trim(),
  ValidationPassed: ({ verdict: said, judge, check }) =>
    `The work is good: ${short(said)}${judges(judge)}${known(check)}`,
  ValidationFailed: ({ round, feedback, judge, check }) =>
    `Round ${round}: the work is not good enough. ${short(feedback)}${judges(judge)}${known(check)}`,
  WorkSentBack: ({ feedback }) => `The work could not be merged: ${short(feedback)}`,
  AttemptFailed: ({ attempt, reason, counts }) =>
    `Attempt ${attempt} came to nothing${counts ? '' : ' (not counted)'}: ${short(reason)}`,
  TaskMerged: ({ commit, branch }) => `The work is in ${branch} with ${sha(commit)}.`,
  TaskCompleted: ({ summary }) => `The task is done. ${short(summary)}`,
  TaskFailed: ({ reason, correspondence }) => {
    const codes = correspondence?.rounds.map(({ code }) => code) ?? [];
    const back = codes.length > 0 ? ` It came back ${counted(codes.length, 'time')} (${listed(codes)}).` : '';
    return `The task failed: ${short(reason)}${back}`;
  },
  TaskCancelled: ({ reason, by }) => `The task was cancelled by ${by}${because(reason)}.`,
  TaskDuplicated: ({ of, by }) => `${by} said that the task is the same as ${of}.`,
  WorktreeRemoved: ({ rescued }) =>
    `The worktree was removed${rescued ? `; what it held is kept under ${rescued}` : ''}.`,
  TaskRestarted: ({ by }) => `The task was restarted by ${by}.`,

  // agent
  AgentRequested: ({ agent, taskId, attempt }) => `An agent ${agent} is wanted for attempt ${attempt} of ${taskId}.`,
  PreparationStarted: ({ branch, commit }) => `Its worktree is being made on ${branch} at ${sha(commit)}.`,
  WorktreeReady: ({ branch, commit, environment }) =>
    `Its worktree is ready on ${branch} at ${sha(commit)}${environment ? `; ${readyWith(environment)}` : ''}.`,
  PromptSent: ({ template, version, memoryIds }) =>
    `It was given the prompt ${template} (version ${version})${memoryIds.length > 0 ? ` with ${memoryIds.length} memories` : ''}.`,
  AgentStarted: ({ pid }) => `It lives, as process ${pid}.`,
  AgentWorking: ({ evidence }) => `It works: ${short(evidence)}`,
  AgentIdle: ({ evidence }) => `It is idle: ${short(evidence)}`,
  AgentNeedsInput: ({ evidence }) => `It needs input: ${short(evidence)}`,
  AgentRateLimited: ({ evidence }) => `It is rate limited: ${short(evidence)}`,
  AgentWentSilent: ({ evidence }) => `It gives no signal: ${short(evidence)}`,
  MessageSent: ({ text, by }) => `${by} has a message for it: ${short(text)}`,
  MessageDelivered: ({ effect }) => `The message was typed into its terminal${seen(effect)}.`,
  MessageUndelivered: ({ reason }) => `The message did not reach it: ${short(reason)}`,
  InterruptRequested: ({ reason, by }) => `${by} wants it to break off${because(reason)}.`,
  InterruptDelivered: ({ effect }) => `It was interrupted${seen(effect)}.`,
  InterruptUndelivered: ({ reason }) => `It was not interrupted: ${short(reason)}`,
  StopRequested: ({ reason, by }) => `${by} asked it to stop${because(reason)}.`,
  AgentExited: ({ how, code, signal, livedMs }) =>
    `It ${{ exited: 'ended', stopped: 'was stopped', timed_out: 'ran into its time limit' }[how]} after ${seconds(livedMs)} with ${signal ?? `exit code ${code ?? 'unknown'}`}.`,
  AgentFailed: ({ reason }) => `It never came to life: ${short(reason)}`,
  AgentLost: ({ reason }) => `It is gone and nobody saw how: ${short(reason)}`,

  // fleet
  SlotGranted: ({ agentId, agent, taskId }) => `${agentId} (${agent}) has a slot for ${taskId}.`,
  SlotReleased: ({ agentId, outcome }) =>
    `The slot of ${agentId} is free again${{ used: '', unused: '; it was not used', died_at_once: '; the agent had died at once' }[outcome]}.`,
  AgentKindStopped: ({ agent, reason }) => `Agents named ${agent} are stopped: ${short(reason)}`,
  FleetPaused: ({ reason, by }) => `The fleet was paused by ${by}${because(reason)}.`,
  FleetStopped: ({ reason, by }) => `The whole fleet was stopped by ${by}${because(reason)}.`,
  FleetResumed: ({ by }) => `The fleet was resumed by ${by}.`,

  // inbox
  MatterDismissed: ({ matterId, by }) => `${by} put ${matterId} aside.`,

  // checks
  CheckRunPlanned: ({ checks, folder, source }) => `${checks.length} checks (${source}) were to run on ${folder}.`,
  CheckRunStarted: ({ head, clean }) =>
    head === null ? 'They began.' : `They began at ${sha(head)}${clean ? '' : ', with changes'}.`,
  CheckRunPassed: ({ checks }) => `The checks passed${notPassed(checks)}.`,
  CheckRunFailed: ({ checks }) => `The checks failed${notPassed(checks)}.`,
  CheckRunSkipped: ({ checks }) => `Nothing had to run: the cache knew all ${checks.length}.`,
  CheckRunCancelled: ({ checks }) => `The checks were stopped${notPassed(checks)}.`,

  // merge train
  TrainOpened: ({ kind, branch }) => `A merge train was opened for the ${kind} branch ${branch}.`,
  CandidateQueued: ({ commit, message }) => `${sha(commit)} waits to be merged: ${short(message)}`,
  MergeStarted: ({ candidateId }) => `It is the turn of ${candidateId}.`,
  BatchStarted: ({ candidateIds }) =>
    `It is the turn of ${counted(candidateIds.length, 'candidate')} together: ${listed(candidateIds)}.`,
  BatchChecked: ({ count, pass, again, check, judge }) =>
    `${count === 1 ? 'The first of the batch passes' : `The first ${count} of the batch pass`}${pass ? '' : ' not'}${again ? ' when checked again' : ''}${check ? `; checks: ${verdict(check)}` : ''}.${judges(judge)}`,
  BatchEnded: ({ outcome, reason, judge }) =>
    `${outcome === 'landed' ? 'The whole batch has landed' : `The batch is ${outcome}, and who is left of it waits again`}${because(reason)}.${judges(judge)}`,
  CandidateMerged: ({ onto, commit }) => `Merged onto ${sha(onto)} as ${sha(commit)}; the branch has not moved yet.`,
  MergeRestarted: ({ reason }) => `The merge begins again: ${short(reason)}`,
  CandidateLanded: ({ commit, base, reason, check, flaky, judge }) =>
    `${sha(commit)} landed${check ? `; checks: ${verdict(check)}` : ''}${flaky ? ', after they had failed once' : ''}${base === 'left' ? `; the base was left as it was${because(reason ?? '')}` : ''}.${judges(judge)}`,
  CandidateRefused: ({ reason, files, judge }) =>
    `The candidate was refused: ${short(reason)}${files.length > 0 ? ` (${listed(files)})` : ''}${judges(judge)}`,
  AccessDenied: ({ what, text }) => `It asked for ${what} and was refused: ${text}`,
  RevertHandedOver: ({ workflowId, taskId, files }) =>
    `It does not come out by itself (${listed(files)}); ${taskId ? `the task ${taskId}` : `the run ${workflowId}`} takes it out.`,
  MergeAbandoned: ({ candidateId, reason }) => `The merge of ${candidateId} was given up: ${reason}`,
  CandidateWithdrawn: ({ candidateId, reason }) => `${candidateId} was withdrawn${because(reason)}.`,

  // best of N
  BestOfNStarted: ({ n, directive, repository, startedBy }) =>
    `${startedBy} asked for the best of ${n} on ${repository.baseBranch} of ${repository.path}: ${short(directive.goal)}`,
  MutationStarted: ({ workflowId }) => `Its candidates belong to ${workflowId}; their directives are being made.`,
  DraftsWritten: ({ model, drafts, asked, problem }) =>
    `${model} wrote ${drafts.length} of ${counted(asked, 'variant')}${because(problem)}`,
  VariantPlanned: ({ index, words }) => `Variant ${index}: ${short(words)}`,
  BuildingStarted: ({ candidates }) => `${counted(candidates, 'candidate')} can be built.`,
  BuildStarted: ({ index, taskId }) => `Variant ${index} is built by ${taskId}.`,
  BuildEnded: ({ index, outcome, reason, changedLines, buildMs }) =>
    outcome === 'passed'
      ? `Variant ${index} passed after ${seconds(buildMs)} with ${counted(changedLines, 'changed line')}.`
      : `Variant ${index} ${{ failed: 'did not pass', died: 'died', withdrawn: 'was withdrawn' }[outcome]}${because(reason)}`,
  ScoringStarted: ({ words, early }) => `${early ? 'Building stopped early' : 'All candidates have ended'}: ${words}`,
  CandidateScored: ({ index, total, scores }) => `Variant ${index} scores ${total} (${scored(scores)}).`,
  WinnerSelected: ({ words }) => words,
  WinnerSent: ({ trainId }) => `The winner waits to be merged by ${trainId}.`,
  BestOfNCompleted: ({ words }) => `The best-of-N is complete. ${short(words)}`,
  BestOfNFailed: ({ reason }) => `The best-of-N failed: ${short(reason)}`,
  BestOfNCancelled: ({ reason, by }) => `The best-of-N was cancelled by ${by}${because(reason)}.`,
  RescoringStarted: ({ verdict: number, by, weights, measured, check, judges }) => {
    const how = [
      check === null ? '' : ` under ${check}`,
      judges === undefined ? '' : ` by the judges of ${sha(judges)}`,
    ].join('');
    return `${by} asked for verdict ${number} by ${formatWeights(weights)}; ${measured ? `the candidates are judged again${how}` : 'recorded scores are weighed'}.`;
  },
  CandidateRescored: ({ verdict: number, index, passed, total, scores }) =>
    `For verdict ${number}, variant ${index} ${passed ? 'passes' : 'does not pass'} and scores ${total} (${scored(scores)}).`,
  VerdictReached: ({ verdict: number, words }) => `Verdict ${number}: ${words}`,
  RescoringAbandoned: ({ verdict: number, reason }) => `Verdict ${number} was given up${because(reason)}`,
};

function troubled(signals: Record<string, { trouble: number | null }>): string {
  const names = Object.entries(signals).flatMap(([name, { trouble }]) => (trouble ? [signalWord(name)] : []));
  return names.length === 0 ? '' : `; in trouble by: ${names.join(', ')}`;
}

/** The event in a sentence. One of a kind that this version does not know is named by its type. */
export function sentenceOf(event: Pick<StoredEvent, 'type' | 'data'>): string {
  if (isStoreRecord(event)) return recordSentence(event);
  if (!Object.hasOwn(SENTENCES, event.type)) return `${event.type} (of a kind that this version does not know)`;
  try {
    return (SENTENCES[event.type as AnyFact['type']] as (data: StoredEvent['data']) => string)(event.data);
  } catch {
    // A log from elsewhere may hold another shape; a reader still sees that something happened.
    return `${event.type} (its data has a shape that this version does not know)`;
  }
}

function recordSentence({ type, data }: Pick<StoredEvent, 'type' | 'data'>): string {
  if (type === TOMBSTONE_TYPE) return 'The stream was ended for good; its events stay in the log.';
  if (isDeletion(data)) return 'The stream was deleted: its events are hidden, and stay in the log.';
  const settings = Object.entries(metadataIn(data)).map(([name, value]) => `${name} ${value}`);
  return `What hides events of the stream was set: ${settings.join(', ') || 'nothing'}.`;
}

function notPassed(checks: readonly { name: string; status: string }[]): string {
  const named = checks.filter(({ status }) => status !== 'passed').map(({ name, status }) => `${name} ${status}`);
  return named.length > 0 ? `: ${listed(named)}` : '';
}

/** What its terminal showed after something was typed. */
function seen(effect: Effect): string {
  return { output: ', and it printed something after it', nothing: ', and it showed nothing', ended: ', and it ended' }[
    effect
  ];
}

const SHORT_MAX = 300;
const LISTED_MAX = 5;

function short(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > SHORT_MAX ? `${line.slice(0, SHORT_MAX - 1)}…` : line;
}

/** Whether the work touched what judges it, and what both judges said. */
function judges(judge: JudgeRecord | undefined): string {
  if (!judge) return '';
  const said = ({ pass }: { pass: boolean }) => (pass ? 'passes' : 'fails');
  const files = listed(judge.touched.map(({ path }) => path));
  const original = judge.original ? `, with those of the base it ${said(judge.original)}` : '';
  return ` It touches what judges it (${files}): with its own files it ${said(judge.own)}${original}.`;
}

function again(submission: number): string {
  return submission > 1 ? `, submission ${submission}` : '';
}

/** `: 2 of 3 criteria pass, 1 was not judged`. */
function answered(criteria: readonly { verdict: string }[]): string {
  if (criteria.length === 0) return '';
  const count = (wanted: string) => criteria.filter(({ verdict: given }) => given === wanted).length;
  const open = count('not_judged');
  return `; ${count('pass')} of ${counted(criteria.length, 'criterion', 'criteria')} met${open > 0 ? `, ${open} not judged` : ''}`;
}

function listed(names: readonly string[]): string {
  const more = names.length - LISTED_MAX;
  return more > 0 ? `${names.slice(0, LISTED_MAX).join(', ')} and ${more} more` : names.join(', ');
}

function sha(commit: string): string {
  return commit.slice(0, 10);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function counted(n: number, thing: string, things = `${thing}s`): string {
  return `${n} ${n === 1 ? thing : things}`;
}

function scored(scores: readonly Score[]): string {
  return scores.map(({ scorer, value }) => `${scorer} ${Number(value.toFixed(3))}`).join(', ');
}

function because(reason: string): string {
  return reason === '' ? '' : `: ${short(reason)}`;
}

/** What the repository asks of the environment, and what was mended for it. */
function readyWith({ checks, fixed }: AgentEnvironment): string {
  const mended = fixed.length > 0 ? `; mended: ${fixed.join('; ')}` : '';
  return `${counted(checks.length, 'check')} of its environment passed${mended}`;
}

function verdict({ status, passed, failed, cache, warnings }: CheckSummary): string {
  const counts = passed === null ? '' : ` (${passed} passed, ${failed ?? 0} failed)`;
  const warned = warnings === undefined ? '' : `, with ${counted(warnings, 'warning')}`;
  return `${wordOf(status)}${counts}${warned}${cache ? `; ${fromCache(cache)}` : ''}`;
}

function known(check: CheckSummary | null): string {
  return check?.cache ? ` (${fromCache(check.cache)})` : '';
}

/** What was not run again, and why it could be left out. */
function fromCache({ cached, checks, savedMs, why }: NonNullable<CheckSummary['cache']>): string {
  const saved = `from the cache, which saved ${(savedMs / 1000).toFixed(1)} s`;
  return `${cached} of ${counted(checks, 'check')} ${saved}: ${short(why)}`;
}
