import { Segments } from '../components/segments.tsx';
import { setQuery } from '../state/router.ts';
import type { AxisFeature } from './axis.ts';
import type { Shade } from './shades.ts';

const shades: readonly (readonly [Shade, string])[] = [
  ['density', 'Density'],
  ['surprise', 'Surprise'],
];

/** Choices of a map: its axes, its colours and its dots. */
export function MapOptions({
  axes,
  x,
  y,
  shade,
  dots,
  anomalies,
}: {
  readonly axes: readonly AxisFeature[];
  readonly x: AxisFeature;
  readonly y: AxisFeature;
  readonly shade: Shade;
  readonly dots: string;
  /** Number of past anomalies. */
  readonly anomalies: number;
}) {
  // The features change places where one is chosen that the other axis shows.
  const choose = (changed: 'x' | 'y', name: string): void => {
    const [own, other] = changed === 'x' ? [x, y] : [y, x];
    const otherName = name === other.name ? own.name : other.name;
    setQuery(changed === 'x' ? { x: name, y: otherName } : { x: otherName, y: name });
  };
  return (
    <div class="filters" role="group" aria-label="Map">
      {(['x', 'y'] as const).map((key) => (
        <label key={key}>
          {key === 'x' ? 'Across' : 'Up'}
          <select
            class="select control-axis"
            value={(key === 'x' ? x : y).name}
            onChange={(event) => choose(key, event.currentTarget.value)}
          >
            {axes.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      ))}
      <Segments
        options={shades}
        chosen={shade}
        onChoose={(value) => setQuery({ colour: value === 'density' ? null : value })}
      />
      <label>
        Dots
        <select
          class="select"
          value={dots}
          onChange={(event) => {
            const chosen = event.currentTarget.value;
            setQuery({ dots: chosen === 'samples' ? null : chosen });
          }}
        >
          <option value="samples">drawn events</option>
          {anomalies > 0 && <option value="anomalies">past anomalies</option>}
          <option value="none">none</option>
        </select>
      </label>
    </div>
  );
}
