import { Link } from '../components/link.tsx';

/** Bounds of a detector that keep anomalies out of alerts, beside rules. */
const bounds: readonly string[] = ['direction', 'minEffect'];

/** Way to a rule that keeps anomalies like one out of alerts; it is shown before it is saved. */
export function AsRule({ anomalyId }: { readonly anomalyId: number }) {
  return (
    <Link to={`/rules/new?anomaly=${anomalyId}`} class="button">
      As a rule …
    </Link>
  );
}

/** Name of whatever keeps an anomaly out of alerts; of a rule and a calendar, the way to it. */
export function RuleName({ of }: { readonly of: string }) {
  if (bounds.includes(of)) return <>the option alerts.{of}</>;
  const [kind, name] = of.startsWith('calendar/') ? ['calendars', of.slice('calendar/'.length)] : ['rules', of];
  return (
    <Link to={`/${kind}/${name}`} class="link">
      {name}
    </Link>
  );
}
