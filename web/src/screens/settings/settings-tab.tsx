import { useMemo, useState } from 'react';
import { bytes, duration } from '../../../../src/transport/words/index.ts';
import type { Evidence } from '../../app/explained.ts';
import { setQuery, useRoute } from '../../app/router.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Refusal } from '../../parts/refusal.tsx';
import { ViewGate } from '../../parts/view-gate.tsx';
import { useQuery } from '../../server/use-query.ts';
import { useView } from '../../server/use-view.ts';
import { EditSetting } from './edit-setting.tsx';
import { type SettingRow, Source } from './source.tsx';
import { type ConfigRow, type DescribedSetting, sourceOf, valueAt } from './setting-value.ts';

export function SettingsTab() {
  const view = useView<ConfigRow<Evidence>, { version: number; settings: unknown }>('config');
  const { result, failure } = useQuery<{ described: readonly DescribedSetting[] }>('get_config', {});
  const [search, setSearch] = useState('');
  const open = useRoute().query.setting;
  const all = useMemo(() => {
    const { settings } = view.summary;
    return (result?.described ?? []).map((one): SettingRow => {
      const source = sourceOf(one.path, view.rows);
      const beneath = view.rows.find(({ path, inForce }) => path === one.path && !inForce) ?? null;
      return { ...one, value: valueAt(settings, one.path), source, beneath };
    });
  }, [result, view.rows, view.summary]);
  const wanted = search.trim().toLowerCase();
  const rows = all.filter(({ path, meaning }) => `${path} ${meaning}`.toLowerCase().includes(wanted));
  const edited = all.find(({ path }) => path === open);
  const columns = useMemo(() => columnsAsOf(view.asOf), [view.asOf]);
  return (
    <ViewGate view={view}>
      <div className="facts">
        <label className="settings-search">
          <span className="visually-hidden">Find a setting</span>
          <input
            className="input"
            type="search"
            placeholder="Find a setting"
            value={search}
            onChange={({ target }) => setSearch(target.value)}
          />
        </label>
        <span className="dim">
          {all.filter(({ source }) => source !== null).length} of {all.length} are no defaults · version{' '}
          {view.summary.version}
        </span>
      </div>
      <Refusal of={failure} />
      <DataTable
        label="Settings"
        columns={columns}
        rows={rows}
        rowKey={({ path }) => path}
        selected={open ?? null}
        onOpen={({ path }) => setQuery({ setting: path })}
        empty={
          result ? (
            <EmptyState title="No setting matches">
              <p>Search for a part of its name, or for what it does.</p>
            </EmptyState>
          ) : (
            <div className="loading" role="status" aria-label="Loading" />
          )
        }
      />
      {edited && <EditSetting key={edited.path} setting={edited} onClose={() => setQuery({ setting: undefined })} />}
    </ViewGate>
  );
}

/** A number of milliseconds or bytes, as a person reads it. */
function inWords(path: string, value: unknown): string {
  if (typeof value !== 'number' || value < 1000) return '';
  if (path.endsWith('Ms')) return ` ${duration(value)}`;
  return /Bytes(Max)?$/.test(path) ? ` ${bytes(value)}` : '';
}

function columnsAsOf(asOf: number | null): Column<SettingRow>[] {
  return [
    {
      key: 'setting',
      title: 'Setting',
      width: 'minmax(14rem, 22rem)',
      sort: ({ path }) => path,
      render: ({ path }) => <span className="mono">{path}</span>,
    },
    {
      key: 'value',
      title: 'Value',
      width: 'minmax(8rem, 1fr)',
      render: ({ path, value, source }) => (
        <>
          <span className={`mono ${source ? 'setting-set' : 'dim'}`}>{JSON.stringify(value) ?? '–'}</span>
          <span className="dim">{inWords(path, value)}</span>
        </>
      ),
    },
    {
      key: 'source',
      title: 'Set by',
      width: 'minmax(9rem, 14rem)',
      sort: ({ source }) => source?.by ?? null,
      render: ({ source }) => <Source source={source} asOf={asOf} />,
    },
    {
      key: 'meaning',
      title: 'Meaning',
      width: 'minmax(14rem, 2fr)',
      render: ({ meaning }) => (
        <span className="dim" title={meaning}>
          {meaning}
        </span>
      ),
    },
  ];
}
