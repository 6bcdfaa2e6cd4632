import './diff.css';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useCallback, useMemo, useRef, useState } from 'react';
import { count } from '../../../src/transport/words/index.ts';
import { setQuery, useRoute } from '../app/router.ts';
import { Button } from '../parts/button.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Refusal } from '../parts/refusal.tsx';
import { NARROW, useMedia } from '../parts/use-media.ts';
import { asFailure, query } from '../server/api.ts';
import { usePast } from '../server/moment.ts';
import { useQuery } from '../server/use-query.ts';
import { type DiffFile, type DiffRow, diffRows, type Side } from './diff-rows.ts';
import { visibleText } from './visible-text.ts';

interface DiffAnswer {
  /** Why there is nothing; null when there is something. */
  reason: string | null;
  /** Compared with the worktree as it is: it goes on changing. */
  live: boolean;
  additions: number;
  deletions: number;
  files: DiffFile[];
  filesMore: number;
  turns: { turn: number; changed: boolean }[];
}

const LINE_PX = 20;
const FILE_PX = 36;
const OVERSCAN = 30;
/** Longer lines are cut in the width that they are given, not in what is shown of them when scrolled. */
const WIDTH_CHARS_MAX = 400;

/**
 * What a task changes: all of it, or what came after the turn before. `again`: another value has it asked anew. What it shows
 * was written by agents and is text, with nothing in it invisible.
 */
export default function Diff({ taskId, again }: { taskId: string; again: unknown }) {
  const at = usePast();
  const { since = 'base', turn, view } = useRoute().query;
  const narrow = useMedia(NARROW);
  const split = view === 'split' && !narrow;
  const [asked, setAsked] = useState(0);
  const input = {
    taskId,
    since: since === 'last_turn' ? 'last_turn' : 'base',
    ...(turn !== undefined && /^\d+$/.test(turn) && { turn: Number(turn) }),
    ...(at !== null && { at }),
  };
  const { state, result, failure } = useQuery<DiffAnswer>('get_task_diff', input, `${String(again)} ${asked}`);
  const whole = useWholeFiles(taskId, result);
  const rows = useMemo(() => diffRows(whole.files, split), [whole.files, split]);
  if (failure)
    return (
      <EmptyState title="There is no diff">
        <Refusal of={failure} />
      </EmptyState>
    );
  if (!result) return <div className="loading" role="status" aria-label="Loading" aria-busy={state === 'loading'} />;
  return (
    <section className="diff" aria-label="Changes">
      <div className="diff-bar">
        <Choice
          label="Since"
          value={input.since}
          choices={[
            ['base', 'All changes'],
            ['last_turn', 'Since last turn'],
          ]}
          onChoose={(value) => setQuery({ since: value === 'base' ? undefined : value })}
        />
        {result.turns.length > 1 && (
          <label>
            Work of
            <select
              className="select"
              value={turn ?? ''}
              onChange={(event) => setQuery({ turn: event.target.value || undefined })}
            >
              <option value="">now</option>
              {result.turns.map((one) => (
                <option key={one.turn} value={one.turn}>
                  turn {one.turn}
                </option>
              ))}
            </select>
          </label>
        )}
        {!narrow && (
          <Choice
            label="View"
            value={split ? 'split' : 'unified'}
            choices={[
              ['unified', 'Unified'],
              ['split', 'Split'],
            ]}
            onChoose={(value) => setQuery({ view: value === 'split' ? value : undefined })}
          />
        )}
        <span className="grow" />
        <span>
          {count(result.files.length + result.filesMore, 'file')} <Counts of={result} />
        </span>
        {result.live && (
          <Button onClick={() => setAsked((n) => n + 1)} title="The agent goes on working in it">
            Look again
          </Button>
        )}
      </div>
      {result.reason !== null ? (
        <EmptyState title="Nothing to show">
          <p>{result.reason}</p>
        </EmptyState>
      ) : (
        <Files key={split ? 'split' : 'unified'} rows={rows} whole={whole} more={result.filesMore} split={split} />
      )}
    </section>
  );
}

/** The files of the answer, in which those that were cut are replaced when the whole of them was asked for. */
function useWholeFiles(taskId: string, result: DiffAnswer | null) {
  const [wholes, setWholes] = useState<{ of: DiffAnswer | null; files: ReadonlyMap<string, DiffFile> }>({
    of: null,
    files: new Map(),
  });
  const past = usePast();
  const { query: address } = useRoute();
  const files = useMemo(
    () => (result?.files ?? []).map((file) => (wholes.of === result ? (wholes.files.get(file.path) ?? file) : file)),
    [result, wholes],
  );
  const load = async (path: string) => {
    const since = address.since === 'last_turn' ? 'last_turn' : 'base';
    const turn = address.turn === undefined ? {} : { turn: Number(address.turn) };
    const at = past === null ? {} : { at: past };
    const input = { taskId, since, ...turn, ...at, path };
    const one = await query<DiffAnswer>('get_task_diff', input).catch((error: unknown) => asFailure(error));
    if ('code' in one) return;
    const [file] = one.files;
    // A file that is cut even alone is not offered again.
    const known = file && { ...file, truncated: false };
    if (known)
      setWholes((before) => ({
        of: result,
        files: new Map([...(before.of === result ? before.files : []), [path, known]]),
      }));
  };
  return { files, load };
}

function Choice({
  label,
  value,
  choices,
  onChoose,
}: {
  label: string;
  value: string;
  choices: readonly (readonly [string, string])[];
  onChoose(value: string): void;
}) {
  return (
    <span className="choice" role="radiogroup" aria-label={label}>
      {choices.map(([key, title]) => (
        <label key={key} className={key === value ? 'chosen' : ''}>
          <input
            className="visually-hidden"
            type="radio"
            name={label}
            checked={key === value}
            onChange={() => onChoose(key)}
          />
          {title}
        </label>
      ))}
    </span>
  );
}

function Counts({ of }: { of: { additions: number | null; deletions: number | null } }) {
  if (of.additions === null && of.deletions === null) return null;
  return (
    <span className="mono">
      <span className="added-count">+{of.additions ?? 0}</span>{' '}
      <span className="removed-count">−{of.deletions ?? 0}</span>
    </span>
  );
}

function Files({
  rows,
  whole,
  more,
  split,
}: {
  rows: readonly DiffRow[];
  whole: ReturnType<typeof useWholeFiles>;
  more: number;
  split: boolean;
}) {
  const { files, load } = whole;
  const scroll = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: useCallback((index: number) => (rows[index]?.type === 'file' ? FILE_PX : LINE_PX), [rows]),
    overscan: OVERSCAN,
    useFlushSync: false,
  });
  const chars = useMemo(() => widest(rows), [rows]);
  const goTo = (file: number) =>
    virtual.scrollToIndex(
      rows.findIndex((row) => row.type === 'file' && row.file === file),
      { align: 'start' },
    );
  return (
    <div className={`diff-body ${files.length + more === 1 ? 'single' : ''}`}>
      <nav className="diff-files" aria-label="Changed files">
        {files.map((file, n) => (
          <button key={file.path} type="button" onClick={() => goTo(n)} title={file.path}>
            <Letter of={file} />
            <span className="diff-path">
              <bdi>
                <Visible text={file.path} />
              </bdi>
            </span>
            <Counts of={file} />
          </button>
        ))}
        {more > 0 && <p className="dim">and {count(more, 'further file')}</p>}
      </nav>
      <div ref={scroll} className="diff-lines" tabIndex={0} role="region" aria-label="Lines">
        <div
          style={{
            height: virtual.getTotalSize(),
            // Side by side, lines are wrapped instead, so that both sides are seen.
            minWidth: split ? undefined : `calc(${chars}ch + 7.5rem)`,
            position: 'relative',
          }}
        >
          {virtual.getVirtualItems().map((item) => (
            <div
              key={item.key}
              ref={split ? virtual.measureElement : undefined}
              data-index={item.index}
              className="diff-row"
              style={{ height: split ? undefined : item.size, transform: `translateY(${item.start}px)` }}
            >
              <RowView row={rows[item.index] as DiffRow} files={files} split={split} load={load} />
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}

function widest(rows: readonly DiffRow[]): number {
  let most = 0;
  for (const row of rows)
    if (row.type === 'line') most = Math.max(most, row.new?.text.length ?? 0, row.old?.text.length ?? 0);
  return Math.min(most, WIDTH_CHARS_MAX);
}

const STATUS: Readonly<Record<DiffFile['status'], readonly [letter: string, word: string]>> = {
  added: ['A', 'added'],
  deleted: ['D', 'deleted'],
  modified: ['M', 'modified'],
  renamed: ['R', 'renamed'],
  type_changed: ['T', 'of another type'],
};

function Letter({ of }: { of: DiffFile }) {
  const [letter, word] = STATUS[of.status];
  return (
    <span className={`diff-letter ${of.status}`} title={word}>
      {letter}
    </span>
  );
}

const RowView = memo(function RowView({
  row,
  files,
  split,
  load,
}: {
  row: DiffRow;
  files: readonly DiffFile[];
  split: boolean;
  load(path: string): Promise<void>;
}) {
  const file = files[row.file];
  if (!file) return null;
  if (row.type === 'file')
    return (
      <div className="diff-file">
        <Letter of={file} />
        <strong>
          <bdi>
            <Visible text={file.oldPath ? `${file.oldPath} → ${file.path}` : file.path} />
          </bdi>
        </strong>
        <Counts of={file} />
      </div>
    );
  if (row.type === 'hunk')
    return (
      <div className="diff-hunk">
        <Visible text={row.text} />
      </div>
    );
  if (row.type === 'note')
    return (
      <div className="diff-note">
        {row.text} {row.more && <Button onClick={() => void load(file.path)}>Load it</Button>}
      </div>
    );
  if (split)
    return (
      <div className="diff-split">
        <SideView side={row.old} />
        <SideView side={row.new} />
      </div>
    );
  const side = row.new ?? row.old;
  return (
    <div className={`diff-line ${side?.kind}`}>
      <span className="diff-number">{row.old?.line}</span>
      <span className="diff-number">{row.new?.line}</span>
      <Text side={side} />
    </div>
  );
});

function SideView({ side }: { side: Side | null }) {
  return (
    <div className={`diff-line ${side?.kind ?? 'none'}`}>
      <span className="diff-number">{side?.line}</span>
      <Text side={side} />
    </div>
  );
}

const SIGNS = { same: ' ', added: '+', removed: '−' } as const;

function Text({ side }: { side: Side | null }) {
  if (!side) return null;
  return (
    <code className="diff-text">
      <span className="diff-sign">{SIGNS[side.kind]}</span>
      <Visible text={side.text} />
    </code>
  );
}

function Visible({ text }: { text: string }) {
  const parts = visibleText(text);
  if (parts.length === 1 && !parts[0]?.hidden) return text;
  return parts.map((part, n) =>
    part.hidden ? (
      <mark key={n} className="hidden-character" title="A character that would not be seen">
        {part.text}
      </mark>
    ) : (
      part.text
    ),
  );
}
