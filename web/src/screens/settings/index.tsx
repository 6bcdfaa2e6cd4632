import './settings.css';
import { Tabs } from '../../parts/tabs.tsx';
import { ServerTab } from './server-tab.tsx';
import { SettingsTab } from './settings-tab.tsx';

/** How the server is and what it lacks, and what it goes by. */
export default function Settings() {
  return (
    <Tabs
      label="Settings and health"
      parameter="tab"
      tabs={[
        { key: 'server', title: 'Server and doctor', render: () => <ServerTab /> },
        { key: 'settings', title: 'Settings', render: () => <SettingsTab /> },
      ]}
    />
  );
}
