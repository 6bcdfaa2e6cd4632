import './best-of-n.css';
import { useRoute } from '../../app/router.ts';
import { BestOfN } from './contest.tsx';
import { Runs } from './runs.tsx';

/** All best-of-Ns, or the candidates of one side by side. */
export default function BestOfNScreen() {
  const [bestOfNId] = useRoute().rest;
  return bestOfNId === undefined ? <Runs /> : <BestOfN key={bestOfNId} bestOfNId={bestOfNId} />;
}
