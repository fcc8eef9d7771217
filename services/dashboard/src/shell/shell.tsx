import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { call } from '../client/call.ts';
import { liveState, useNews } from '../client/live.ts';
import { session } from '../client/session.ts';
import { signOut } from '../client/sign-in.ts';
import { Link } from '../components/link.tsx';
import { formatCount } from '../format/numbers.ts';
import icon from '../icon.svg';
import { decoded } from '../state/match.ts';
import { usePlace } from '../state/router.ts';
import { useStore } from '../state/store.ts';
import { nextTheme, themeChoice } from '../state/theme.ts';
import { useLoad } from '../state/use-load.ts';
import { HelpDialog } from './help-dialog.tsx';
import { useKeys } from './keys.ts';
import { SearchDialog } from './search-dialog.tsx';

/** Frame of every page: the way to the others, and the state of the connection. */
export function Shell({ children }: { readonly children: ComponentChildren }) {
  const [dialog, setDialog] = useState<'help' | 'search' | null>(null);
  useKeys({ help: () => setDialog('help'), search: () => setDialog('search') });
  const { path } = usePlace();
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    const name = decoded(path.split('/').at(-1) ?? '');
    document.title = path === '/' ? 'Flowline' : `${name ?? 'No page'} – Flowline`;
    // A reader by ear begins with the new page.
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [path]);
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <Side onHelp={() => setDialog('help')} onSearch={() => setDialog('search')} />
      <main class="main" id="main" tabIndex={-1} ref={main}>
        <div class="main-inner">{children}</div>
      </main>
      {dialog === 'help' && <HelpDialog onClose={() => setDialog(null)} />}
      {dialog === 'search' && <SearchDialog onClose={() => setDialog(null)} />}
    </div>
  );
}

const MOST_LISTED = 30;

function Side({ onHelp, onSearch }: { readonly onHelp: () => void; readonly onSearch: () => void }) {
  const { path } = usePlace();
  const current = useStore(session);
  const choice = useStore(themeChoice);
  const { loaded: detectors } = useLoad('detectors', (signal) =>
    call('GET /v1/detectors', { query: { limit: MOST_LISTED }, signal }),
  );
  const is = (to: string) => (path === to ? ({ 'aria-current': 'page' } as const) : {});
  return (
    <header class="side">
      <Link to="/" class="brand">
        <img src={icon} alt="" /> Flowline
      </Link>
      <nav class="nav" aria-label="Pages">
        <Link to="/" {...is('/')}>
          <span>Overview</span>
        </Link>
        <Link to="/alerts" {...is('/alerts')}>
          <span>Alerts</span>
          <OpenAlerts />
        </Link>
        <Link to="/incidents" {...is('/incidents')}>
          <span>Incidents</span>
        </Link>
        <Link to="/rules" {...(/^\/(rules|calendars)(\/|$)/.test(path) ? ({ 'aria-current': 'page' } as const) : {})}>
          <span>Rules</span>
        </Link>
      </nav>
      {detectors.state === 'ready' && detectors.value.items.length > 0 && (
        <nav class="nav nav-detectors" aria-label="Detectors">
          <div class="nav-title">Detectors</div>
          {detectors.value.items.map(({ name }) => (
            <Link
              key={name}
              to={`/detectors/${name}`}
              {...(`${path}/`.startsWith(`/detectors/${name}/`) ? ({ 'aria-current': 'page' } as const) : {})}
            >
              <span>{name}</span>
            </Link>
          ))}
        </nav>
      )}
      <div class="side-end">
        <Live />
        <button type="button" class="button button-plain" onClick={onSearch}>
          Search <kbd>/</kbd>
        </button>
        <button type="button" class="button button-plain wide-only" onClick={onHelp}>
          Keyboard <kbd>?</kbd>
        </button>
        <button type="button" class="button button-plain" onClick={nextTheme}>
          {{ system: 'System colours', light: 'Light', dark: 'Dark' }[choice]}
        </button>
        <button type="button" class="button button-plain wide-only" onClick={() => void signOut()}>
          Sign out{current !== null && current !== 'unknown' && current.scope === 'read' ? ' (read only)' : ''}
        </button>
      </div>
    </header>
  );
}

function Live() {
  const state = useStore(liveState);
  const words = { connecting: 'Connecting …', live: 'Live', lost: 'Reconnecting …' };
  return (
    <div class="live" data-state={state} role="status">
      {words[state]}
    </div>
  );
}

const MOST_COUNTED = 100;

/** Number of open alerts. */
function OpenAlerts() {
  const { loaded, reload } = useLoad('open', (signal) =>
    call('GET /v1/alerts', { query: { state: 'open', limit: MOST_COUNTED }, signal }),
  );
  useNews(({ kind }) => kind === 'alert', reload, 2_000);
  if (loaded.state !== 'ready' || loaded.value.items.length === 0) return null;
  const { items, next } = loaded.value;
  return (
    <span class="small">
      {next === null ? formatCount(items.length) : `${MOST_COUNTED}+`}
      <span class="hidden-text"> open</span>
    </span>
  );
}
