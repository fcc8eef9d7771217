/** Key of a document that differs. */
interface Change {
  readonly path: string;
  readonly from?: unknown;
  readonly to?: unknown;
}

/** Differences between two documents: each key, its value before and after. */
export function ChangeList({ changes }: { readonly changes: readonly Change[] }) {
  return (
    <dl class="changes">
      {changes.map(({ path, from, to }) => (
        <div key={path}>
          <dt class="mono">{path}</dt>
          <dd class="mono">
            <Value sign="−" value={from} />
            <Value sign="+" value={to} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Value({ sign, value }: { readonly sign: '−' | '+'; readonly value: unknown }) {
  const isOld = sign === '−';
  if (value === undefined) return null;
  const text = JSON.stringify(value);
  return (
    <div class={isOld ? 'change-old' : 'change-new'}>
      <span aria-hidden="true">{sign} </span>
      <span class="hidden-text">{isOld ? 'before: ' : 'after: '}</span>
      {text}
    </div>
  );
}
