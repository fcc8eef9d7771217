import type { Reply, Request } from '../client/call.ts';
import { quoted } from '../components/cli.tsx';
import { severities } from '../components/parts.tsx';

type Incident = Reply<'GET /v1/incidents'>['items'][number];
type Conditions = NonNullable<Request<'POST /v1/alerts/actions'>['body']['where']>;

/** Kinds of alerts, with their names for people. */
export const kinds = [
  ['density', 'improbable'],
  ['out_of_domain', 'out of domain'],
  ['absence', 'silence'],
  ['storm', 'storm'],
] as const;

/** Filters of the inbox, as its address has them. */
export interface AlertFilters {
  readonly state: 'open' | 'resolved' | 'all';
  readonly severity?: (typeof severities)[number] | undefined;
  readonly kind?: (typeof kinds)[number][0] | undefined;
  readonly detector?: string | undefined;
  readonly entity?: string | undefined;
  /** False for alerts of no entity. */
  readonly hasEntity?: boolean | undefined;
  /** True for alerts that nobody has seen. */
  readonly isUnseen: boolean;
  /** Range of the last anomaly. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Reads filters from an address; what it does not know is left out. */
export function filtersOf(query: URLSearchParams): AlertFilters {
  const optional = (name: string): string | undefined => query.get(name) ?? undefined;
  const time = (name: string): string | undefined => {
    const written = query.get(name);
    return written === null || Number.isNaN(Date.parse(written)) ? undefined : written;
  };
  return {
    state: (['resolved', 'all'] as const).find((one) => one === query.get('state')) ?? 'open',
    severity: severities.find((known) => known === query.get('severity')),
    kind: kinds.find(([known]) => known === query.get('kind'))?.[0],
    ...{ detector: optional('detector'), entity: optional('entity') },
    hasEntity: query.get('of') === 'none' ? false : undefined,
    isUnseen: query.get('seen') === 'no',
    ...{ from: time('from'), to: time('to') },
  };
}

/** Conditions of filters, as the API takes them in a body. */
export function conditionsOf({ state, isUnseen, ...rest }: AlertFilters): Conditions {
  const set = Object.entries(rest).filter(([, value]) => value !== undefined);
  return {
    ...(Object.fromEntries(set) as Conditions),
    ...(state === 'all' ? {} : { state }),
    ...(isUnseen ? { acknowledged: false } : {}),
  };
}

/** Conditions of filters, as the API takes them in a query. */
export function queryOf(filters: AlertFilters) {
  const { hasEntity, acknowledged, ...rest } = conditionsOf(filters);
  return { ...rest, hasEntity: textOf(hasEntity), acknowledged: textOf(acknowledged) };
}

const textOf = (value: boolean | undefined): 'true' | 'false' | undefined =>
  value === undefined ? undefined : value ? 'true' : 'false';

/** True if something narrows the list beyond its state. */
export const isNarrowed = ({ state: _, isUnseen, ...rest }: AlertFilters): boolean =>
  isUnseen || Object.values(rest).some((value) => value !== undefined);

/** Command that lists what filters show. */
export function commandOf(filters: AlertFilters): string {
  const options = [
    ['--state', filters.state === 'all' ? undefined : filters.state],
    ['--kind', filters.kind],
    ['--severity', filters.severity],
    ['--detector', filters.detector],
    ['--entity', filters.entity],
    ['--from', filters.from],
    ['--to', filters.to],
  ] as const;
  const given = options.flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${quoted(value)}`]));
  return ['flowline alerts ls', ...given].join(' ');
}

/** Way of grouping alerts. */
export type Grouping = 'detector' | 'entity';

/**
 * Filters that show the alerts of an incident and no others: incidents are islands of time among
 * the alerts of their detector or entity.
 */
export function filtersOfIncident(
  { firstSeen, lastSeen, detectors, entity }: Pick<Incident, 'firstSeen' | 'lastSeen' | 'detectors' | 'entity'>,
  filters: AlertFilters,
  by: Grouping,
): AlertFilters {
  const to = new Date(Date.parse(lastSeen) + 1).toISOString();
  const range = { ...filters, from: firstSeen, to };
  if (by === 'entity' && entity !== null) return { ...range, entity };
  const [detector] = detectors;
  return { ...range, detector, ...(by === 'entity' ? { hasEntity: false } : {}) };
}

/** Address of the inbox with filters. */
export function addressOfFilters(path: string, filters: AlertFilters): string {
  const { state, severity, kind, detector, entity, hasEntity, isUnseen, from, to } = filters;
  const query = new URLSearchParams(
    Object.entries({
      ...{ severity, kind, detector, entity, from, to },
      state: state === 'open' ? undefined : state,
      of: hasEntity === false ? 'none' : undefined,
      seen: isUnseen ? 'no' : undefined,
    }).filter((entry): entry is [string, string] => entry[1] !== undefined),
  ).toString();
  return query === '' ? path : `${path}?${query}`;
}
