import { useSelector } from '@xstate/store-react';
import { lazy, Suspense, useEffect } from 'react';
import { Button } from '../parts/button.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { ErrorBoundary } from '../parts/error-boundary.tsx';
import { SCREENS } from '../screens/index.ts';
import { Banner } from './banner.tsx';
import { ExplainDrawer } from './explain-drawer.tsx';
import { Help } from './help.tsx';
import { paletteOpen, useKeys } from './keys.ts';
import { Link } from './link.tsx';
import { PastBanner } from './past-banner.tsx';
import { pathTo, useRoute } from './router.ts';
import { TOP_BAR } from './slots.ts';
import { nextTheme, theme } from './theme.ts';
import { useShownTitle } from './title.ts';
import { Toasts } from './toasts.tsx';

const Palette = lazy(() => import('./palette.tsx'));

/** Everything around the screens. */
export function App() {
  useKeys();
  const { screen: path, rest } = useRoute();
  const usesPalette = useSelector(paletteOpen, (now) => now);
  const screen = SCREENS.find((one) => one.path === path);
  const title = useShownTitle(screen?.title ?? 'Not found');
  useEffect(() => {
    document.title = `${title} · Hephaestus`;
  }, [title]);
  return (
    <div className="shell">
      <Side current={path} />
      <div className="main">
        <Banner />
        <PastBanner />
        <header className="topbar">
          <h1 className="truncate" title={title}>
            {title}
          </h1>
          <span className="grow" />
          {TOP_BAR.map((Part, n) => (
            <Part key={n} />
          ))}
        </header>
        <main className="screen" id="screen">
          <ErrorBoundary name={[path, ...rest].join('/')}>
            <Suspense fallback={<div className="loading" role="status" aria-label="Loading" />}>
              {screen ? <screen.Component /> : <NotFound />}
            </Suspense>
          </ErrorBoundary>
        </main>
      </div>
      <ExplainDrawer />
      <Help />
      <Toasts />
      {usesPalette && (
        <Suspense>
          <Palette />
        </Suspense>
      )}
    </div>
  );
}

function NotFound() {
  return (
    <EmptyState title="There is no such screen">
      <Link href={pathTo('fleet')}>Go to the fleet</Link>
    </EmptyState>
  );
}

function Side({ current }: { current: string }) {
  const shown = useSelector(theme, (now) => now);
  return (
    <nav className="side" aria-label="Screens">
      <div className="brand">Hephaestus</div>
      {SCREENS.filter(({ nav }) => nav).map(({ path, title, key }) => (
        <Link key={path} href={pathTo(path)} className="nav-link" aria-current={path === current ? 'page' : undefined}>
          {title}
          {key && <kbd aria-hidden="true">g {key}</kbd>}
        </Link>
      ))}
      <div className="side-end">
        <Button look="quiet" onClick={nextTheme} title="Dark, light, or as the system says">
          Theme: {shown}
        </Button>
      </div>
    </nav>
  );
}
