/** Choice among a few values, each a button; the chosen one is pressed. */
export function Segments<Value extends string | number | null>({
  options,
  chosen,
  onChoose,
  label,
  isSmall = false,
}: {
  /** Values with their words. */
  readonly options: readonly (readonly [Value, string])[];
  /** Undefined if none is chosen. */
  readonly chosen: Value | undefined;
  readonly onChoose: (value: Value) => void;
  /** Name of the choice, where the words do not say it. */
  readonly label?: string;
  readonly isSmall?: boolean;
}) {
  return (
    <span class="segments" {...(label === undefined ? {} : { role: 'group', 'aria-label': label })}>
      {options.map(([value, words]) => (
        <button
          key={words}
          type="button"
          class={isSmall ? 'button button-small' : 'button'}
          aria-pressed={chosen === value}
          onClick={() => onChoose(value)}
        >
          {words}
        </button>
      ))}
    </span>
  );
}
