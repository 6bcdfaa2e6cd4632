import { Link } from '../../app/link.tsx';
import { pathTo } from '../../app/router.ts';
import type { CheckRow } from './types.ts';

/** What was checked: a task's work, all of a run, or a person's folder. */
export function Of({ row }: { row: CheckRow }) {
  if (row.taskId) return <Link href={pathTo('task', [row.taskId])}>{row.title ?? 'a task'}</Link>;
  if (row.workflowId) return <Link href={pathTo('workflows', [row.workflowId])}>the whole run</Link>;
  return <span className="mono">{row.folder}</span>;
}
