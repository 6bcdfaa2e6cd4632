import { Tabs as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { setQuery, useRoute } from '../app/router.ts';

export interface Tab {
  key: string;
  title: ReactNode;
  /** Made when it is shown. */
  render(): ReactNode;
}

/** One of several in the same place. Which one is in the address, as `parameter`, so that a reload and *back* keep it. */
export function Tabs({ label, parameter, tabs }: { label: string; parameter: string; tabs: readonly Tab[] }) {
  const wanted = useRoute().query[parameter];
  const shown = tabs.find(({ key }) => key === wanted) ?? tabs[0];
  if (!shown) return null;
  return (
    <Radix.Root
      className="tabs"
      value={shown.key}
      onValueChange={(key) => setQuery({ [parameter]: key === tabs[0]?.key ? undefined : key })}
    >
      <Radix.List className="tab-list" aria-label={label}>
        {tabs.map(({ key, title }) => (
          <Radix.Trigger key={key} value={key} className="tab">
            {title}
          </Radix.Trigger>
        ))}
      </Radix.List>
      <Radix.Content key={shown.key} value={shown.key} className="tab-content" tabIndex={-1}>
        {shown.render()}
      </Radix.Content>
    </Radix.Root>
  );
}
