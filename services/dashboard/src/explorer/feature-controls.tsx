import type { EventValues, KnownFeature } from '../client/model-program.ts';
import { type AxisFeature, axisFeatures } from './axis.ts';
import { valueText } from './value-text.ts';

type Value = EventValues[string];

/** Steps of a slider. */
const STEPS = 200;
/** Choice of a level that training did not see. */
const UNSEEN = 'a level never seen';

interface Props {
  readonly features: readonly KnownFeature[];
  readonly values: EventValues;
  /** Features along the axes. */
  readonly along: readonly string[];
  readonly onChange: (values: EventValues) => void;
}

/** Controls of all features of the point: sliders of numbers, choices of levels. */
export function FeatureControls({ features, values, along, onChange }: Props) {
  const axes = new Map(axisFeatures(features).map((axis) => [axis.name, axis]));
  return (
    <div class="controls" role="group" aria-label="Values of the point">
      {features.map((feature) => {
        const { name, nullable, role } = feature.spec;
        const value = values[name] ?? null;
        const set = (next: Value): void => onChange({ ...values, [name]: next });
        const axis = axes.get(name);
        return (
          <div key={name} class="control">
            <div class="control-head">
              <span class="clip">
                {along.includes(name) ? <strong>{name}</strong> : name}
                {role === 'context' && <span class="muted small"> context</span>}
              </span>
              {nullable && <Missing name={name} value={value} usual={usualOf(feature, axis)} onChange={set} />}
            </div>
            {axis !== undefined && <Slider axis={axis} value={value} onChange={set} />}
            {feature.values.kind === 'levels' && (
              <Levels name={name} levels={feature.values.levels} value={value} onChange={set} />
            )}
            {feature.values.kind === 'unknown' && (
              <p class="muted small">No event of the training had a value: any counts as missing.</p>
            )}
          </div>
        );
      })}
    </div>
  );
}

/** Value of a feature that was missing until now. */
function usualOf({ values }: KnownFeature, axis: AxisFeature | undefined): Value {
  if (values.kind === 'levels') return values.levels.at(0) ?? UNSEEN;
  return axis === undefined ? null : valueAtStep(axis, STEPS / 2);
}

function Missing({
  name,
  value,
  usual,
  onChange,
}: {
  readonly name: string;
  readonly value: Value;
  readonly usual: Value;
  readonly onChange: (value: Value) => void;
}) {
  return (
    <label class="control-missing muted small">
      <input
        type="checkbox"
        checked={value === null}
        aria-label={`${name} is missing`}
        onChange={(event) => onChange(event.currentTarget.checked ? null : usual)}
      />
      missing
    </label>
  );
}

/** Ends of a slider, on the scale of its axis. */
function endsOf({ range: [low, high], toScale, period }: AxisFeature): readonly [number, number] {
  return period === null ? [toScale(low), toScale(high)] : [low, high];
}

function valueAtStep(axis: AxisFeature, step: number): number {
  const [low, high] = endsOf(axis);
  const value = axis.fromScale(low + (step / STEPS) * (high - low));
  return axis.isInteger ? Math.round(value) : Number(value.toPrecision(6));
}

function stepOf(axis: AxisFeature, value: number): number {
  const [low, high] = endsOf(axis);
  return Math.min(STEPS, Math.max(0, Math.round((STEPS * (axis.toScale(value) - low)) / (high - low || 1))));
}

function Slider({
  axis,
  value,
  onChange,
}: {
  readonly axis: AxisFeature;
  readonly value: Value;
  readonly onChange: (value: Value) => void;
}) {
  const isNumber = typeof value === 'number';
  return (
    <div class="control-row">
      <input
        type="range"
        min={0}
        max={STEPS}
        disabled={!isNumber}
        value={isNumber ? stepOf(axis, value) : 0}
        aria-label={axis.name}
        aria-valuetext={isNumber ? valueText(axis, value) : 'missing'}
        onInput={(event) => onChange(valueAtStep(axis, Number(event.currentTarget.value)))}
      />
      {axis.period === null ? (
        <input
          class="input control-number"
          type="number"
          step="any"
          disabled={!isNumber}
          value={isNumber ? Number(value.toPrecision(5)) : ''}
          aria-label={`${axis.name} as a number`}
          onChange={(event) => {
            if (Number.isFinite(event.currentTarget.valueAsNumber)) onChange(event.currentTarget.valueAsNumber);
          }}
        />
      ) : (
        <span class="control-number number">{isNumber ? valueText(axis, value) : ''}</span>
      )}
    </div>
  );
}

function Levels({
  name,
  levels,
  value,
  onChange,
}: {
  readonly name: string;
  readonly levels: readonly string[];
  readonly value: Value;
  readonly onChange: (value: Value) => void;
}) {
  const given = typeof value === 'string' ? value : '';
  const others = given === '' || levels.includes(given) ? [] : [given];
  return (
    <select
      class="select"
      aria-label={name}
      disabled={value === null}
      value={given}
      onChange={(event) => onChange(event.currentTarget.value)}
    >
      {value === null && <option value="">missing</option>}
      {[...levels, ...others].map((level) => (
        <option key={level} value={level}>
          {level}
        </option>
      ))}
      {!others.includes(UNSEEN) && !levels.includes(UNSEEN) && <option value={UNSEEN}>{UNSEEN}</option>}
    </select>
  );
}
