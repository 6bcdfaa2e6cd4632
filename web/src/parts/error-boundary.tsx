import { Component, type ReactNode } from 'react';
import { Button } from './button.tsx';

/** Keeps a screen that fails from taking the page with it. `name`: another name is another try. */
export class ErrorBoundary extends Component<{ name: string; children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override componentDidUpdate(before: { name: string }) {
    if (before.name !== this.props.name && this.state.error) this.setState({ error: null });
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    // A server of another version has other files: what was not loaded yet is gone.
    const outdated = /dynamically imported module|module script|preload/i.test(error.message);
    return (
      <div className="empty" role="alert">
        <p className="empty-title">{outdated ? 'The server has a newer page' : 'This screen failed'}</p>
        <div className="empty-next">
          <p>{outdated ? 'Reload to get it.' : error.message}</p>
          <Button look="primary" onClick={() => (outdated ? location.reload() : this.setState({ error: null }))}>
            {outdated ? 'Reload' : 'Try again'}
          </Button>
        </div>
      </div>
    );
  }
}
