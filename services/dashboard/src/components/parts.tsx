import type { ComponentChildren } from 'preact';

import { formatCount } from '../format/numbers.ts';

/** Box with a title and, beside it, a note or controls. */
export function Card({
  title,
  note,
  flush = false,
  children,
}: {
  readonly title: string;
  readonly note?: ComponentChildren;
  /** True for content that reaches the edges, such as a table. */
  readonly flush?: boolean;
  readonly children: ComponentChildren;
}) {
  return (
    <section class="card" aria-label={title}>
      <div class="card-head">
        <h2>{title}</h2>
        {note !== undefined && <div class="card-note">{note}</div>}
      </div>
      <div class={flush ? '' : 'card-body'}>{children}</div>
    </section>
  );
}

/** Number with its name. */
export function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Severities of alerts, the greatest first. */
export const severities = ['critical', 'major', 'warning', 'info'] as const;

/** Severity of an alert, in a word and a colour; of several, with their number. */
export function Severity({ of, count }: { readonly of: string; readonly count?: number }) {
  const known = severities.find((severity) => severity === of) ?? 'info';
  return (
    <span class={`chip chip-${known}`}>
      {count === undefined ? '' : `${formatCount(count)} `}
      {of}
    </span>
  );
}

/** State of a detector in a word and a colour. */
export function StateChip({ state }: { readonly state: 'scoring' | 'waiting' | 'paused' }) {
  const tones = { scoring: 'chip-good', waiting: 'chip-warning', paused: '' };
  return <span class={`chip ${tones[state]}`}>{state}</span>;
}

/** Title of a page, with a line below and actions beside. */
export function Head({
  title,
  sub,
  children,
}: {
  readonly title: string;
  readonly sub?: ComponentChildren;
  readonly children?: ComponentChildren;
}) {
  return (
    <header class="head">
      <div>
        <h1>{title}</h1>
        {sub !== undefined && <div class="sub">{sub}</div>}
      </div>
      {children !== undefined && <div class="actions">{children}</div>}
    </header>
  );
}
