import type { ReactNode } from 'react';

/** Where there is nothing: `title` says whether nothing is there yet or nothing matches, `children` what to do next. */
export function EmptyState({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children !== undefined && <div className="empty-next">{children}</div>}
    </div>
  );
}
