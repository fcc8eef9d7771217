import type { ComponentChildren } from 'preact';

import { Link } from '../components/link.tsx';
import { Head } from '../components/parts.tsx';

const tabs = [
  ['/alerts', 'Alerts'],
  ['/incidents', 'Incidents'],
  ['/rules', 'Rules'],
  ['/calendars', 'Calendars'],
] as const;

/** Frame of the pages about alerts, and about what is done with them. */
export function AlertsFrame({
  current,
  title,
  sub,
  actions,
  children,
}: {
  readonly current: (typeof tabs)[number][0];
  readonly title?: string;
  readonly sub: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  const name = tabs.find(([path]) => path === current)?.[1] ?? '';
  return (
    <>
      <Head title={title ?? name} sub={sub}>
        {actions}
      </Head>
      <nav class="tabs" aria-label="Pages about alerts">
        {tabs.map(([path, words]) => (
          <Link key={path} to={path} {...(path === current ? { 'aria-current': 'page' } : {})}>
            {words}
          </Link>
        ))}
      </nav>
      {children}
    </>
  );
}
