import { useRoute } from '../../app/router.ts';
import { Launch } from './launch.tsx';
import { RunList } from './run-list.tsx';
import { Run } from './run.tsx';
import './workflows.css';

/** Runs: all of them, or the one that the address names; and the form that starts another. */
export default function Workflows() {
  const { rest, query } = useRoute();
  const [workflowId] = rest;
  return (
    <>
      {workflowId ? <Run key={workflowId} workflowId={workflowId} /> : <RunList />}
      {query.new !== undefined && <Launch wanted={query.new} from={query.from} />}
    </>
  );
}
