import { Link } from '../components/link.tsx';

const tabs = [['', 'Scores']] as const;

/** Pages of a detector. */
export function DetectorTabs({ name, current }: { readonly name: string; readonly current: string }) {
  return (
    <nav class="tabs" aria-label={`Pages of ${name}`}>
      {tabs.map(([path, title]) => (
        <Link
          key={path}
          to={`/detectors/${name}${path === '' ? '' : `/${path}`}`}
          {...(path === current ? { 'aria-current': 'page' } : {})}
        >
          {title}
        </Link>
      ))}
    </nav>
  );
}
