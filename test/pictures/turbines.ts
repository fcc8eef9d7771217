import { Random } from '@flowline/flows';

/** Measurement of a wind turbine, a mean of ten minutes. */
export interface Measurement {
  readonly at: string;
  readonly turbine: string;
  /** m/s. */
  readonly wind_speed: number;
  /** kW. */
  readonly power: number;
  /** rpm. */
  readonly rotor_speed: number;
  /** Temperature of the oil of the gearbox, °C. */
  readonly gearbox: number | null;
  /** Temperature of the air, °C. */
  readonly air: number;
}

const TURBINES = 12;
const STEP_MS = 600_000;
const STEPS_PER_DAY = 144;
const RATED_KW = 3_000;
/** Wind at half of the power, and at half of the range of the speed of the rotor. */
const [HALF_LOAD, HALF_SPEED] = [8.6, 6.4];
const MISSING_SHARE = 0.004;
const GLITCH_SHARE = 1 / 9_000;

type State = Omit<Measurement, 'at' | 'turbine' | 'gearbox'> & { readonly gearbox: number };

/** Fault of a turbine between two ages in days before the end. */
interface Fault {
  readonly turbine: number;
  readonly from: number;
  readonly to: number;
  /** @param progress 0 to 1. */
  readonly change: (state: State, progress: number) => Partial<State>;
}

const faults: readonly Fault[] = [
  // A bearing wears out: the oil grows hotter than load and air explain.
  { turbine: 7, from: 2.6, to: 0, change: ({ gearbox }, progress) => ({ gearbox: gearbox + 14 * progress ** 1.4 }) },
  // Ice on the blades.
  { turbine: 3, from: 21.3, to: 20.9, change: ({ power }) => ({ power: 0.5 * power }) },
  // The nacelle does not follow the wind.
  { turbine: 11, from: 12.2, to: 11.1, change: ({ power }) => ({ power: 0.7 * power }) },
  // The anemometer hangs.
  { turbine: 2, from: 5.2, to: 5.05, change: () => ({ wind_speed: 0.4 }) },
  // A slipping coupling.
  { turbine: 9, from: 8.6, to: 8.45, change: ({ rotor_speed }) => ({ rotor_speed: 1.16 * rotor_speed }) },
];

/**
 * Measurements of a wind farm for some days up to a time, in order. The shape of the data depends
 * on the seed alone.
 * @param isFaulty false for a history without faults.
 */
export function measurements({
  end,
  days,
  seed,
  isFaulty,
}: {
  readonly end: Date;
  readonly days: number;
  readonly seed: number;
  readonly isFaulty: boolean;
}): readonly Measurement[] {
  const random = new Random(seed);
  const steps = days * STEPS_PER_DAY;
  let front = 0;
  const gusts = Array.from({ length: TURBINES }, () => 0);
  return Array.from({ length: steps }, (_, step) => {
    const age = (steps - step) / STEPS_PER_DAY;
    front = 0.9 * front + 0.436 * random.normal();
    const at = new Date(end.getTime() - (steps - 1 - step) * STEP_MS).toISOString();
    return gusts.map((gust, i): Measurement => {
      const next = 0.8 * gust + 0.6 * random.normal();
      gusts[i] = next;
      const state = stateOf(8.2 * Math.exp(0.36 * front + 0.09 * next), age, random);
      const changed = isFaulty ? faulty(state, i + 1, age, random) : state;
      const isMissing = random.uniform() < MISSING_SHARE;
      return { at, turbine: `WT-${String(i + 1).padStart(2, '0')}`, ...rounded(changed, isMissing) };
    });
  }).flat();
}

function stateOf(wind: number, age: number, random: Random): State {
  const load = 1 / (1 + Math.exp(-(wind - HALF_LOAD) / 1.2));
  const power = RATED_KW * load * (1 + 0.05 * random.normal()) + 30 * random.normal();
  const speed = 5.8 + 9.4 / (1 + Math.exp(-(wind - HALF_SPEED) / 1.5));
  const air = 9 + 5 * Math.sin(2 * Math.PI * age) + 1.2 * random.normal();
  return {
    ...{ wind_speed: wind, power, rotor_speed: speed + 0.4 * random.normal(), air },
    gearbox: 41 + 0.45 * air + 17 * load + 1.4 * random.normal(),
  };
}

function faulty(state: State, turbine: number, age: number, random: Random): State {
  const fault = faults.find((each) => each.turbine === turbine && age <= each.from && age > each.to);
  if (fault !== undefined) return { ...state, ...fault.change(state, (fault.from - age) / (fault.from - fault.to)) };
  // The grid operator curtails the farm for two hours.
  if (age <= 4.3 && age > 4.2 && state.power > 1_600) return { ...state, power: 1_500 + 6 * random.normal() };
  if (random.uniform() < GLITCH_SHARE) return { ...state, gearbox: state.gearbox + 24 };
  return state;
}

const to = (value: number, digits: number): number => Number(value.toFixed(digits));

const rounded = ({ wind_speed, power, rotor_speed, gearbox, air }: State, isMissing: boolean) => ({
  ...{ wind_speed: Math.max(0.1, to(wind_speed, 2)), power: to(power, 1), rotor_speed: to(rotor_speed, 2) },
  ...{ gearbox: isMissing ? null : to(gearbox, 1), air: to(air, 1) },
});

/** Table of a history as CSV. */
export const turbineTable = (history: readonly Measurement[]) => ({
  name: 'turbine_history',
  columns:
    'at timestamptz, turbine text, wind_speed float8, power float8, rotor_speed float8, gearbox float8, air float8',
  csv: history
    .map((each) =>
      [each.at, each.turbine, each.wind_speed, each.power, each.rotor_speed, each.gearbox ?? '', each.air].join(','),
    )
    .join('\n'),
});
