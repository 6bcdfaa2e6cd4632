/**
 * Every error code with its kind, HTTP status, meaning and next step. `docs/errors.md` is made from this table, and a
 * test proves that each code is used and documented.
 */
interface CodeEntry {
  kind: 'invalid' | 'denied' | 'rejected' | 'conflict' | 'fault' | 'defect';
  status: number;
  means: string;
  next: string;
}

const entry = <K extends CodeEntry['kind']>(kind: K, status: number, means: string, next: string) => ({
  kind,
  status,
  means,
  next,
});

export const ERROR_CODES = {
  // input
  'input.invalid': entry(
    'invalid',
    400,
    'The input does not fit the schema of the command or query.',
    'Correct the fields named in the message; `/docs` shows each schema.',
  ),
  'input.too_large': entry(
    'invalid',
    413,
    'The request is larger than 1 MiB.',
    'Send less, or put large text into a file of the repository.',
  ),
  'input.not_json': entry(
    'invalid',
    400,
    'The body is not JSON, or not sent as application/json.',
    'Send a JSON object with content-type application/json.',
  ),
  'command.unknown': entry(
    'invalid',
    404,
    'There is no command of that name.',
    'List them at `/openapi.json` or with `heph --help`.',
  ),
  'query.unknown': entry(
    'invalid',
    404,
    'There is no query or view of that name.',
    'List them at `/openapi.json` or with `heph --help`.',
  ),
  'route.wrong_method': entry(
    'invalid',
    405,
    'The address exists, but not for that HTTP method.',
    'Use a method that the Allow header lists.',
  ),
  'request.malformed': entry(
    'invalid',
    400,
    'The request is not proper HTTP, or its headers are too large.',
    'Send it with an HTTP client; `/docs` shows each request.',
  ),
  'request.timeout': entry(
    'invalid',
    408,
    'The request did not arrive in time.',
    'Send headers within 10 s and the whole request within 30 s.',
  ),
  'rate.limited': entry(
    'denied',
    429,
    'An agent asks more often than it may.',
    'Wait a second; `wait_for_events` answers when something happens, so there is no need to ask again and again.',
  ),
  'route.unknown': entry('invalid', 404, 'There is nothing at that address.', 'See `/docs` for the routes.'),
  'id.unknown': entry(
    'invalid',
    404,
    'Nothing has that id, or that prefix of an id.',
    'List what exists with `heph get tasks` or `heph fleet`.',
  ),
  'id.ambiguous': entry('invalid', 409, 'Several things begin with that prefix.', 'Write more characters of the id.'),

  // identity
  'auth.missing': entry(
    'denied',
    401,
    'No token was sent.',
    'Send `Authorization: Bearer …`; `heph token` prints the operator token.',
  ),
  'auth.unknown_token': entry(
    'denied',
    401,
    'The token is not known, has expired or was revoked.',
    'Use the current token; an agent’s token ends with the agent.',
  ),
  'auth.role': entry('denied', 403, 'This role may not do that.', 'Ask the operator.'),
  'auth.not_yours': entry(
    'denied',
    403,
    'An agent may only act on its own task.',
    'Use the task that your prompt names.',
  ),
  'auth.tool_not_allowed': entry(
    'denied',
    403,
    'The phase does not allow this tool.',
    'See `allowed_tools` on the phase’s page.',
  ),
  'auth.impersonation': entry(
    'denied',
    403,
    'The request names another agent than its token does.',
    'Leave the agent out; identity comes from the token.',
  ),
  'auth.host': entry(
    'denied',
    403,
    'The Host header is not one of this server’s names.',
    'Use the address that `heph status` prints.',
  ),
  'auth.origin': entry(
    'denied',
    403,
    'The Origin header is not this server’s.',
    'Call from the page the server serves, or without an Origin.',
  ),

  'auth.login_code': entry(
    'denied',
    401,
    'The login code is unknown, was used already or is older than a minute.',
    'Ask for another with POST /api/login-codes.',
  ),
  'auth.ticket': entry(
    'denied',
    401,
    'The ticket for a socket is unknown, was used already or is older than half a minute.',
    'Ask for another with POST /api/stream-tickets; each opens one socket.',
  ),
  'auth.csrf': entry(
    'denied',
    403,
    'A page’s call that changes something must say so.',
    'Send the header `X-Heph: 1`, or a bearer token instead of the cookie.',
  ),

  // log and store
  'log.wrong_revision': entry(
    'conflict',
    409,
    'Another writer was faster.',
    'Nothing to do: the command is decided again by itself.',
  ),
  'log.id_reused': entry(
    'conflict',
    409,
    'The same event id came with another payload.',
    'Use a new idempotency key for a new command.',
  ),
  'log.corrupted_idempotency': entry(
    'conflict',
    409,
    'Some events of this append are in the log already, others are not.',
    'Use a new idempotency key.',
  ),
  'log.read_only': entry(
    'fault',
    503,
    'Storage failed, so the log takes no more events; reading goes on.',
    'Check the disk, then start the server again: it verifies the log.',
  ),
  'log.disk_full': entry('fault', 507, 'There is no room for the event.', 'Free disk space; nothing was written.'),
  'log.fenced': entry(
    'fault',
    503,
    'A later server has taken over this data directory.',
    'Use the other server; `heph status` names it.',
  ),
  'log.damaged': entry(
    'fault',
    503,
    'The log does not verify: an event was altered or is missing.',
    'Run `heph log verify`; restore from a backup or export up to the named position.',
  ),
  'log.event_too_large': entry(
    'invalid',
    413,
    'An event is larger than 256 KiB.',
    'Send less text; large things belong into files.',
  ),
  'log.bad_event': entry(
    'invalid',
    400,
    'An event has no proper id, type, version or time, comes twice in one append, or holds what is not JSON.',
    'Correct the event; an append takes 1 to 1024 of them.',
  ),
  'log.busy': entry(
    'fault',
    503,
    'The log takes no further append at this moment; nothing was written.',
    'Repeat the command with the same idempotency key.',
  ),
  'log.absent': entry('invalid', 404, 'The data directory has no log.', 'Name the data directory with --data.'),
  'log.not_empty': entry(
    'invalid',
    409,
    'The log to import into holds events already.',
    'Import into a new data directory.',
  ),
  'log.incomplete': entry(
    'invalid',
    409,
    'The log lacks events: they are hidden, or they are lost.',
    'Show again what was hidden; `heph log verify` says whether something was lost.',
  ),
  'log.bad_export': entry(
    'invalid',
    400,
    'The file is no complete, undamaged export of a log.',
    'Export it again; the message names the line.',
  ),
  'log.bad_stream': entry('invalid', 400, 'That is no stream name.', 'Streams are `<category>-<id>`.'),
  'log.bad_metadata': entry(
    'invalid',
    400,
    'What is to hide events of a stream is not in order.',
    'The message names the setting and its bounds.',
  ),
  'log.stream_deleted': entry(
    'fault',
    410,
    'The stream was ended for good by a tombstone; its name is not used again.',
    'Work under a new name. What it held is in the log still: `heph log export` writes it out.',
  ),
  'log.history_hidden': entry(
    'fault',
    503,
    'Events of an actor are hidden by the metadata of its stream, so its state cannot be told.',
    'Take away the metadata of the stream that the message names; the events are in the log still.',
  ),
  'log.closed': entry('fault', 503, 'The store is closed: the server is stopping.', 'Start the server again.'),
  'log.timeout': entry(
    'fault',
    503,
    'The event store did not answer in time, so it is not known whether the events were written.',
    'Repeat the command with the same idempotency key; see whether the event store runs.',
  ),
  'log.refused': entry(
    'fault',
    503,
    'The event store refuses the call for good.',
    'The message has its own words: check the credentials and the version of the event store.',
  ),
  'store.bad_url': entry(
    'invalid',
    400,
    'That names no event store.',
    'Say --store esdb://host:2113?tls=false or --store kurrentdb://host:2113?tls=false.',
  ),
  'store.no_client': entry(
    'fault',
    503,
    'The client of that event store is not installed.',
    'Install the package that the message names beside this one.',
  ),
  'blob.not_found': entry('invalid', 404, 'No blob has that hash.', 'Check the hash; blobs are never deleted.'),
  'blob.damaged': entry(
    'fault',
    503,
    'A blob does not have the bytes its hash names.',
    'Restore the file from a backup.',
  ),
  'blob.failed': entry(
    'fault',
    503,
    'A blob could not be written or read.',
    'Check the disk; the message has the system’s own words.',
  ),
  // stream
  'stream.not_a_websocket': entry(
    'invalid',
    426,
    'This address takes WebSocket connections only.',
    'Open it with a WebSocket client; docs/stream-protocol.md tells what is said there.',
  ),
  'stream.too_many': entry(
    'denied',
    429,
    'A client has more sockets, subscriptions or unanswered requests open than it may.',
    'Close what is not needed; one socket carries many subscriptions.',
  ),
  'stream.too_slow': entry(
    'fault',
    503,
    'The client did not read what was sent to it.',
    'Connect again and resume from the position that the reason of the close names.',
  ),
  'stream.resume_too_old': entry(
    'invalid',
    410,
    'What lies behind that position can no longer be sent from there.',
    'Begin again: events from the start, a terminal at the oldest cursor that the message names.',
  ),
  'position.ahead': entry(
    'invalid',
    400,
    'That position has not been reached yet.',
    'Ask for a position up to the head that the answer names.',
  ),

  // groups of consumers
  'group.absent': entry(
    'invalid',
    404,
    'There is no such group of consumers.',
    'Create it, or list the groups: one is known by its name and by the stream it reads.',
  ),
  'group.exists': entry(
    'invalid',
    409,
    'There is such a group of consumers already.',
    'Use it as it is, update it, or delete it first.',
  ),
  'group.bad_settings': entry(
    'invalid',
    400,
    'The name, start, filter or settings of a group of consumers are not proper.',
    'Correct what the message names.',
  ),
  'group.not_recorded': entry(
    'fault',
    503,
    'How far the groups of consumers have come cannot be read or recorded.',
    'Check the disk. `groups.db` may be deleted while no server runs: its groups are then made anew and begin anew.',
  ),

  // data directory and server
  'data.newer_format': entry(
    'invalid',
    409,
    'The data directory was written by a newer version.',
    'Install that version or newer; it is not opened, so that nothing is lost.',
  ),
  'data.not_ours': entry(
    'invalid',
    409,
    'The directory holds files but no Hephaestus data.',
    'Name an empty or new directory with --data.',
  ),
  'data.not_empty': entry(
    'invalid',
    409,
    'The directory is not empty, and what is in it is not overwritten.',
    'Name a new directory.',
  ),
  'data.import_unfinished': entry(
    'invalid',
    409,
    'A log was being brought into the directory, and that was broken off: a part of it is there.',
    'Say `heph log import` with the same file, directory and store again: it goes on where it was.',
  ),
  'backup.not_one': entry(
    'invalid',
    400,
    'The directory holds no finished backup.',
    'Name a directory that `heph backup` has written to its end.',
  ),
  'backup.failed': entry(
    'fault',
    503,
    'A backup could not be written, or not be restored.',
    'The message says why: room on the disk, or rights. Remove the unfinished directory and try again.',
  ),
  'data.owned': entry(
    'fault',
    503,
    'A living server owns the data directory.',
    'Use that server, stop it with `heph down`, or start with --take-over.',
  ),
  'data.loose_mode': entry('invalid', 409, 'Others can read the data directory.', 'Run `chmod -R go-rwx` on it.'),
  'data.other_store': entry(
    'invalid',
    409,
    'The data directory belongs to a log in another store.',
    'Name that store with --store or HEPH_STORE, or another directory with --data.',
  ),
  'server.port_in_use': entry(
    'fault',
    503,
    'Another program listens on that port.',
    'Choose another with --port, or leave it out for a free one.',
  ),
  'server.unknown_store': entry(
    'invalid',
    400,
    'There is no store of that kind.',
    'Leave --store out for the embedded one, or name an EventStoreDB by its URL: esdb://… or kurrentdb://….',
  ),
  'server.not_running': entry('fault', 503, 'No server runs on that data directory.', 'Start it with `heph up`.'),
  'server.start_failed': entry('fault', 503, 'The server did not come up.', 'Read `heph logs server`.'),
  'server.stopping': entry(
    'fault',
    503,
    'The server is stopping.',
    'Repeat the command with the same idempotency key when it is back.',
  ),
  'node.too_old': entry(
    'invalid',
    500,
    'This Node is older than 24.15.',
    'Install Node 24, or run ./heph from a clone, which brings its own.',
  ),

  'server.unreachable': entry(
    'fault',
    503,
    'The server does not answer.',
    'See `heph status`; a server that is gone is started again by the next verb.',
  ),
  'server.bad_answer': entry(
    'fault',
    503,
    'The server answered with something that this version does not understand.',
    'Make sure that `heph --version` and `heph status` tell the same version.',
  ),
  'server.not_stopped': entry(
    'fault',
    503,
    'The server was asked to stop and has not ended.',
    'Read `heph logs server`; end its process by hand if it hangs: the log opens without repair.',
  ),
  'server.no_log': entry(
    'fault',
    503,
    'The server has not written a log in that data directory.',
    'Name the data directory with --data; the log is made at the first start.',
  ),

  // the command line
  'install.failed': entry(
    'fault',
    503,
    'The program’s own files or its dependencies are not all there.',
    'Install it again; in a clone, run ./heph, which does it by itself.',
  ),
  'cli.usage': entry('invalid', 400, 'That is not how the verb is called.', 'Put --help behind the verb.'),
  'cli.no_terminal': entry(
    'invalid',
    400,
    'That needs a terminal, and the input is none.',
    'Run it in a terminal, or read along with `heph logs AGENT --follow`.',
  ),
  'cli.interrupted': entry(
    'fault',
    503,
    'You have stopped watching.',
    'The work goes on; `heph follow WORKFLOW` comes back to it.',
  ),
  'run.awaits_result': entry(
    'rejected',
    409,
    'Every phase is over, and the run waits for an operator to submit its result.',
    'Submit it with `heph result submit WORKFLOW --summary …`, then `heph follow WORKFLOW`.',
  ),
  'run.stalled': entry(
    'rejected',
    409,
    'The run cannot go on by itself: whatever waits, waits for a person.',
    'Mend the cause, then `heph fleet resume` and `heph follow WORKFLOW`.',
  ),
  'demo.not_proved': entry(
    'fault',
    503,
    'The demo did not end as it should.',
    'Read its report above; its folder is kept.',
  ),
  'replay.differs': entry(
    'fault',
    503,
    'A recorded command is decided differently by this version.',
    'Use the version that wrote the log, and report the position and both decisions.',
  ),
  'view.differs': entry(
    'fault',
    503,
    'A view that was folded anew differs from the one that served.',
    'The new one serves now; report it with the position and both checksums.',
  ),

  // configuration and definitions
  'config.refused': entry(
    'rejected',
    400,
    'A setting is unknown or has a bad value.',
    'See docs/configuration.md for every setting.',
  ),
  'config.not_in_force': entry(
    'rejected',
    409,
    'That does not fit the state of the configuration.',
    'Report it: this is not expected.',
  ),
  'definition.unknown': entry(
    'invalid',
    404,
    'There is no workflow definition of that name.',
    'List them with `heph list workflow-definitions`.',
  ),
  'definition.invalid': entry(
    'invalid',
    400,
    'A workflow definition has a mistake.',
    'Correct the file at the line that the message names.',
  ),
  'agent.unknown_preset': entry(
    'invalid',
    400,
    'No agent of that name is configured.',
    'See `heph config` for the agents; add one with set_config.',
  ),

  // repositories
  'repository.not_found': entry(
    'invalid',
    400,
    'The path is no git repository.',
    'Name the root of a git repository with --repo.',
  ),
  'repository.no_commit': entry('invalid', 409, 'The repository has no commit yet.', 'Commit once, then run again.'),
  'repository.dirty': entry(
    'invalid',
    409,
    'Tracked files are changed but not committed.',
    'Commit or stash them, or start with --from-head to leave them out.',
  ),
  'repository.no_branch': entry('invalid', 400, 'The branch does not exist.', 'List the branches with `git branch`.'),
  'repository.bad_name': entry(
    'invalid',
    400,
    'That is no acceptable branch or ref name.',
    'Use letters, digits, dot, dash, underscore and slash.',
  ),
  'repository.unsafe_path': entry(
    'invalid',
    400,
    'The path leaves the place it must stay in.',
    'Name a path inside the repository.',
  ),

  // git, terminals, checks
  'git.failed': entry('fault', 503, 'A git command failed.', 'The message has git’s own words.'),
  'git.timeout': entry('fault', 503, 'A git command took too long.', 'Check the disk and the repository’s size.'),
  'worktree.failed': entry(
    'fault',
    503,
    'A worktree could not be made.',
    'Check disk space; the message has git’s own words.',
  ),
  'environment.unfit': entry(
    'fault',
    503,
    'A worktree is not as the repository’s checks of the environment ask for.',
    'Mend what the message names, in your own repository, and restart the task.',
  ),
  'terminal.failed': entry('fault', 503, 'A terminal could not be started or reached.', 'Read `heph logs AGENT`.'),
  'terminal.gone': entry(
    'fault',
    503,
    'The terminal’s process has ended.',
    'Its transcript is still there: `heph logs AGENT`.',
  ),
  'agent.starting': entry(
    'fault',
    503,
    'The agent of this token is being started: that it runs is not recorded yet.',
    'Repeat the request in a moment; it is the same one.',
  ),
  'agent.not_found_executable': entry(
    'fault',
    503,
    'The agent’s program is not on the PATH.',
    'Install it, or correct `agents.<name>.argv`; `heph doctor` tells which are installed.',
  ),
  'agent.not_stopped': entry(
    'fault',
    503,
    'The agent’s processes did not end, even when killed.',
    'See the pids in `heph status --json`.',
  ),
  'check.none': entry(
    'invalid',
    400,
    'The workflow judges by checks, and the repository has none that can be seen.',
    'Name one with --check, e.g. --check "npm test".',
  ),
  'check.unknown_command': entry(
    'invalid',
    400,
    'The check begins with a program that is not there.',
    'Correct the command, or install the program.',
  ),
  'check.bad_definition': entry(
    'invalid',
    400,
    'checks.yaml does not parse, or says something that no check can be.',
    'Correct the lines that the message names; `heph check --list` shows what is understood.',
  ),
  'check.unknown_name': entry(
    'invalid',
    404,
    'The repository has no check of that name.',
    'List them with `heph check --list`.',
  ),
  'check.nothing_to_check': entry(
    'invalid',
    404,
    'The repository has no checks.yaml, and nothing in it says how it is checked.',
    'Write a checks.yaml; docs/checks.md shows one.',
  ),
  'check.bad_run': entry(
    'rejected',
    409,
    'What is said of the run of checks contradicts itself.',
    'Send what the checks came to; `failed` belongs to a run with a failed check.',
  ),
  'check.nothing_to_undo': entry(
    'rejected',
    409,
    'No fix is left to take back.',
    'Nothing to do; `git diff` shows what else was changed.',
  ),
  'check.no_space': entry(
    'fault',
    503,
    'The disk has less than 1 GiB left, so that no check was started.',
    'Free some space, or keep the data on another disk with --data.',
  ),
  'check.failed_to_run': entry(
    'fault',
    503,
    'The check could not be run at all.',
    'Correct the command; the message says what the system answered.',
  ),

  // models
  'model.refused': entry(
    'fault',
    503,
    'The model’s provider does not take the question.',
    'Correct `model.name`, `model.baseUrl` or the key; the message has the provider’s own words.',
  ),
  'model.unavailable': entry(
    'fault',
    503,
    'The model did not answer in time, or its provider is overloaded or not there.',
    'Nothing: work goes on without it. `heph doctor` says how it answered last.',
  ),
  'model.bad_answer': entry(
    'fault',
    503,
    'What the model’s provider answered is no answer.',
    'Make sure that `model.baseUrl` speaks Chat Completions.',
  ),

  // domain
  'workflow.not_open': entry(
    'rejected',
    409,
    'The workflow has ended or does not exist.',
    'Start another with `heph run`.',
  ),
  'workflow.not_paused': entry('rejected', 409, 'The workflow is not paused.', 'Nothing to do.'),
  'workflow.exists': entry('rejected', 409, 'A workflow with that id exists.', 'Use a new idempotency key.'),
  'workflow.no_such_phase': entry(
    'rejected',
    409,
    'The workflow has no phase of that name.',
    'Use one of the phases that the message lists.',
  ),
  'workflow.too_many_tasks': entry(
    'rejected',
    409,
    'The workflow has as many tasks as it may have.',
    'Raise `limits.tasksPerWorkflowMax`, or finish some.',
  ),
  'workflow.out_of_order': entry(
    'rejected',
    409,
    'That step does not fit the state of the workflow.',
    'See `heph view workflow`.',
  ),
  'result.not_yours': entry(
    'rejected',
    409,
    'The workflow’s template says that somebody else submits the result.',
    'See `result.submitted_by` in its workflow.yaml; an operator always may.',
  ),
  'result.not_on_branch': entry(
    'rejected',
    409,
    'The commit that was named is not the tip of the run’s branch.',
    'Leave `commit` out: the result is what is merged. Work that is not merged yet comes with its own task.',
  ),
  'result.pending': entry(
    'rejected',
    409,
    'The submission before it is being judged.',
    'Wait for its verdict: `heph get view workflow`, or `wait_for_events`.',
  ),
  'result.accepted': entry(
    'rejected',
    409,
    'The run has a result that was accepted.',
    'Nothing to do; what is merged after it is submitted by the server.',
  ),
  'result.rounds_exhausted': entry(
    'rejected',
    409,
    'As many submissions were rejected as `rounds_max` allows.',
    'The run fails; start another one, or raise `rounds_max` in its workflow.yaml.',
  ),
  'result.criteria_unanswered': entry(
    'rejected',
    409,
    'A verdict on a result leaves a criterion without an answer, or answers one twice.',
    'Answer each criterion once, by its number.',
  ),
  'task.exists': entry('rejected', 409, 'A task with that id exists.', 'Use a new idempotency key.'),
  'task.not_open': entry(
    'rejected',
    409,
    'The task has ended or does not exist.',
    'Restart it with restart_task if it has failed.',
  ),
  'task.not_ended': entry('rejected', 409, 'The task has not ended, so it cannot be restarted.', 'Cancel it first.'),
  'task.wrong_outcome': entry(
    'rejected',
    409,
    'The task does not end in this way: a review ends with a verdict, and only a review does.',
    'Use `give_validation_review` for a review and `update_task_status` for every other task.',
  ),
  'task.not_queued': entry(
    'rejected',
    409,
    'The task is not waiting in the queue.',
    'See `heph get tasks` for its state.',
  ),
  'task.not_assigned': entry(
    'rejected',
    409,
    'The task is not assigned to that agent.',
    'Use the task that the agent’s prompt names.',
  ),
  'task.out_of_order': entry(
    'rejected',
    409,
    'That step does not fit the state of the task.',
    'See the task’s timeline.',
  ),
  'task.duplicate_of_nothing': entry(
    'rejected',
    409,
    'A task was called a duplicate of no other task.',
    'Name the other task with `of`.',
  ),
  'task.candidate': entry(
    'rejected',
    409,
    'The task is one of several candidates that work for another task.',
    'Restart that task; the message says whose candidate it is.',
  ),
  'task.stale_attempt': entry(
    'rejected',
    409,
    'The report belongs to an earlier attempt of the task.',
    'Nothing to do.',
  ),
  'task.attempts_exhausted': entry(
    'rejected',
    409,
    'The task has been restarted as often as it may be.',
    'Raise `limits.restartsMax` or create a new task.',
  ),
  'agent.exists': entry('rejected', 409, 'An agent with that id exists.', 'Nothing to do.'),
  'agent.elsewhere': entry(
    'invalid',
    409,
    'The agent’s terminal is in the files of another runner on the same log.',
    'Ask the server of that runner; `heph status` lists the runners.',
  ),
  'agent.not_live': entry('rejected', 409, 'The agent has ended or does not exist.', 'See `heph fleet`.'),
  'agent.out_of_order': entry('rejected', 409, 'That step does not fit the state of the agent.', 'See `heph fleet`.'),
  'fleet.no_slot': entry('rejected', 409, 'All slots are taken.', 'Wait, or raise `fleet.cap`.'),
  'fleet.kind_stopped': entry(
    'rejected',
    409,
    'Agents of that kind died at once several times, so the kind is stopped.',
    'Read the agents’ logs, mend the cause, then `heph fleet resume`.',
  ),
  'fleet.not_open': entry('rejected', 409, 'The fleet is paused or stopped.', 'Resume it with `heph fleet resume`.'),
  'fleet.already_open': entry('rejected', 409, 'The fleet is open already.', 'Nothing to do.'),
  'revert.not_merged': entry(
    'rejected',
    409,
    'The task or run has nothing in the branch that could be taken out.',
    'See what it delivered with `heph follow` or `heph get task`; a run that goes on is cancelled instead.',
  ),
  'revert.done_already': entry(
    'rejected',
    409,
    'The merge was taken out before, or is being taken out.',
    'Nothing is left to do; `heph events --type CandidateLanded` shows when it happened.',
  ),
  'train.out_of_order': entry(
    'rejected',
    409,
    'That step does not fit the state of the merge train.',
    'See the timeline of its stream.',
  ),
  'best.bad_score': entry(
    'invalid',
    400,
    'What a candidate is scored by cannot be read.',
    'Write it like `tests=3,diff=1,time=1`; the message says what is wrong.',
  ),
  'best.unknown_scorer': entry(
    'rejected',
    409,
    'The score names a scorer that does not exist.',
    'The message lists those that do.',
  ),
  'best.exists': entry('rejected', 409, 'A best-of-N with that id exists.', 'Nothing to do.'),
  'best.not_open': entry('rejected', 409, 'The best-of-N has ended or does not exist.', 'See its timeline.'),
  'best.out_of_order': entry(
    'rejected',
    409,
    'That step does not fit the state of the best-of-N.',
    'See the timeline of its stream.',
  ),
  'best.no_such_candidate': entry(
    'rejected',
    409,
    'The best-of-N has no such candidate, or it left no work.',
    'Candidates are numbered from 0.',
  ),
  'best.no_such_build': entry(
    'invalid',
    404,
    'No build is named so: a build is a run and a variant of it.',
    'Write it like `bon_01k/2`; `heph best-of builds` lists them.',
  ),
  'best.not_settled': entry(
    'rejected',
    409,
    'Another candidate may still win, so it is too early to stop.',
    'Nothing: the candidates go on.',
  ),
  'best.not_judged': entry(
    'rejected',
    409,
    'Only a best-of-N that has had its verdict can be scored again.',
    'Wait for its end.',
  ),
  'best.nothing_to_score': entry(
    'rejected',
    409,
    'No candidate left work that could be judged.',
    'Start a new best-of-N.',
  ),
  'best.rescoring': entry('rejected', 409, 'The candidates are being judged again already.', 'Wait for that verdict.'),
  'runner.superseded': entry(
    'rejected',
    409,
    'A later server works for this runner.',
    'Use the other server; `heph status` names it.',
  ),
  'runner.out_of_order': entry(
    'rejected',
    409,
    'That step does not fit the state of the runner.',
    'See the timeline of its stream.',
  ),
  'runner.fenced': entry(
    'fault',
    503,
    'The server’s lease is over, and others may have taken over its work: it does nothing until the lease is renewed.',
    'Nothing: it goes on by itself when the store answers again.',
  ),
  'workflow.taken_over': entry(
    'rejected',
    409,
    'The workflow belongs to another runner by now.',
    'Nothing: that one goes on with it.',
  ),
  'actor.quarantined': entry(
    'rejected',
    409,
    'The actor’s stream holds an event that cannot be folded, so it takes no commands.',
    'See `heph doctor`; the rest goes on.',
  ),
  'actor.history_full': entry(
    'rejected',
    409,
    'The actor’s stream has as many events as it may have, so it takes no commands.',
    'Go on with a new task or run; what is recorded stays, and `heph doctor` names the stream.',
  ),
  'actor.overloaded': entry(
    'fault',
    503,
    'Too many commands wait for this actor.',
    'Repeat later with the same idempotency key.',
  ),

  'defect.broken_belief': entry(
    'defect',
    500,
    'A bug in Hephaestus.',
    'Report it with the lines of `heph logs server`.',
  ),
} as const satisfies Record<string, CodeEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;
