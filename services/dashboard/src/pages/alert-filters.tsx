import type { ComponentChildren } from 'preact';

import { severities } from '../components/parts.tsx';
import { Segments } from '../components/segments.tsx';
import { formatTime } from '../format/times.ts';
import { setQuery, usePlace, useQueryText } from '../state/router.ts';
import { filtersOf, kinds } from './alert-query.ts';

const states = [
  ['open', 'Open'],
  ['resolved', 'Resolved'],
  ['all', 'All'],
] as const;

/** Filters of alerts, which are in the address; `children` come before them. */
export function AlertFilterBar({ children }: { readonly children?: ComponentChildren }) {
  const { query } = usePlace();
  const { state, severity, kind, isUnseen } = filtersOf(query);
  const [entity, setEntity] = useQueryText('entity');
  const [detector, setDetector] = useQueryText('detector');
  return (
    <div class="filters" role="search" aria-label="Filters">
      {children}
      <Segments
        options={states}
        chosen={state}
        onChoose={(one) => setQuery({ state: one === 'open' ? null : one, after: null })}
        label="State"
      />
      <Select label="Severity" name="severity" values={severities.map((one) => [one, one])} value={severity ?? ''} />
      <Select label="Kind" name="kind" values={kinds} value={kind ?? ''} />
      <Select label="Seen" name="seen" values={[['no', 'by nobody']]} value={isUnseen ? 'no' : ''} />
      <label>
        Detector
        <input class="input" value={detector} onInput={(event) => setDetector(event.currentTarget.value)} size={14} />
      </label>
      <label>
        Entity
        <input class="input" value={entity} onInput={(event) => setEntity(event.currentTarget.value)} size={12} />
      </label>
      <Range />
    </div>
  );
}

/** Range of time, and whether alerts of no entity alone are shown; each can be taken away. */
function Range() {
  const { from, to, hasEntity } = filtersOf(usePlace().query);
  const words = [
    ...(from === undefined ? [] : [`from ${formatTime(new Date(from))}`]),
    ...(to === undefined ? [] : [`to ${formatTime(new Date(to))}`]),
    ...(hasEntity === false ? ['without an entity'] : []),
  ];
  if (words.length === 0) return null;
  return (
    <button
      type="button"
      class="button"
      aria-label={`Take away the filter ${words.join(' ')}`}
      onClick={() => setQuery({ from: null, to: null, of: null, after: null })}
    >
      {words.join(' ')} <span aria-hidden="true">×</span>
    </button>
  );
}

function Select({
  label,
  name,
  values,
  value,
}: {
  readonly label: string;
  readonly name: string;
  readonly values: readonly (readonly [string, string])[];
  readonly value: string;
}) {
  return (
    <label>
      {label}
      <select
        class="select"
        value={value}
        onChange={(event) => setQuery({ [name]: event.currentTarget.value, after: null })}
      >
        <option value="">any</option>
        {values.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
