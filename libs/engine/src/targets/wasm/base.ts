import type { Emission } from './emission.ts';
import { f32x4 } from './assembly/expression.ts';
import type { V128 } from './assembly/expression.ts';
import { writeFormulas } from './formula.ts';
import { times } from './lanes.ts';
import type { Lanes } from './lanes.ts';
import { at } from '../../at.ts';
import { differentiate } from '../../formula/differentiate.ts';
import { one } from '../../formula/graph.ts';
import { studentTFormula } from '../../formula/student-t.ts';
import type { Plan } from '../../plan/plan.ts';

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/**
 * Component of a base distribution: y = (z·scale + shift)·o, with constants that count where a
 * dimension is observed.
 */
interface Component {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
  /** log weight */
  readonly always: number;
  readonly whenObserved: Float64Array;
}

/** Components of a plan's base. Each includes the logScale of the plan. */
const componentsOf = ({ base, logScale, features }: Plan): readonly Component[] => {
  const weights = base.type === 'gaussianMixture' ? base.logWeights : Float64Array.of(0);
  const constant = base.type === 'studentT' ? base.logNormalizer : -HALF_LOG_TWO_PI;
  return Array.from(weights, (logWeight, k) => {
    const own = (values: Float64Array): Float64Array => values.subarray(k * features, (k + 1) * features);
    const scale = own(base.logScale).map((value) => Math.exp(-value));
    return {
      scale,
      shift: own(base.location).map((location, i) => -location * at(scale, i)),
      always: logWeight,
      whenObserved: own(base.logScale).map((value, i) => at(logScale, i) + constant - value),
    };
  });
};

/** Replaces the state by z, with the last affine map. The latent is z in the plan's order. */
export const writeLatent = ({ plan, math }: Emission, lanes: Lanes, state: number): void => {
  for (let i = 0; i < lanes.vectors; i++) {
    const shift = times(lanes.constants(plan.shift, i), lanes.mask(identity(plan.features), i));
    lanes.store(state, i, math.multiplyAdd(lanes.load(state, i), lanes.constants(plan.scale, i), shift));
  }
};

/** Emits log base(z) + Σ o·logScale of the plan, from the block of z. */
export const writeBase = (emission: Emission, lanes: Lanes, z: number, components: number): V128 => {
  const { plan, math } = emission;
  const { f } = lanes;
  const each = componentsOf(plan).map((component) => (): V128 => {
    const { base } = plan;
    const constants = f.let(constantsOf(emission, lanes, component));
    if (base.type === 'studentT') {
      const formula = studentTFormula(base.degreesOfFreedom);
      const sum = lanes.sum((i, total) => {
        const y = f.let(standardised(emission, lanes, component, z, i));
        return f32x4.add(
          at(
            writeFormulas(f, math, [formula.logDensity], () => y),
            0,
          ),
          total,
        );
      });
      return f32x4.add(sum, constants);
    }
    const squares = lanes.sum((i, total) => {
      const y = f.let(standardised(emission, lanes, component, z, i));
      return math.multiplyAdd(y, y, total);
    });
    return f32x4.add(f32x4.mul(squares, f32x4.constant(-0.5)), constants);
  });
  if (plan.base.type !== 'gaussianMixture') return at(each, 0)();
  each.forEach((write, k) => lanes.storeShared(components, k, write()));
  const largest = f.let(lanes.loadShared(components, 0));
  each.slice(1).forEach((_, k) => f.set(largest, f32x4.pmax(largest, lanes.loadShared(components, k + 1))));
  const total = f.let(f32x4.constant(0));
  each.forEach((_, k) => {
    const weight = f.let(math.exp(f, f32x4.sub(lanes.loadShared(components, k), largest)));
    f.set(total, f32x4.add(total, weight));
    lanes.storeShared(components, k, weight);
  });
  // Leave each component's share of the density in its place, for the gradient.
  each.forEach((_, k) => lanes.storeShared(components, k, f32x4.div(lanes.loadShared(components, k), total)));
  return f32x4.add(largest, math.log(f, total));
};

/**
 * Writes ∂ log base / ∂z times the plan's last scale into a block. Call {@link writeBase} first.
 */
export const writeBaseSlope = (
  emission: Emission,
  lanes: Lanes,
  z: number,
  components: number,
  adjoint: number,
): void => {
  const { plan, math } = emission;
  const { f } = lanes;
  const { base } = plan;
  const parts = componentsOf(plan);
  for (let i = 0; i < lanes.vectors; i++) {
    const slope = f.let(f32x4.constant(0));
    parts.forEach((component, k) => {
      const y = f.let(standardised(emission, lanes, component, z, i));
      const scales = lanes.constants(
        component.scale.map((scale, d) => scale * at(plan.scale, d)),
        i,
      );
      if (base.type === 'studentT') {
        const formula = studentTFormula(base.degreesOfFreedom);
        const [atY = y] = writeFormulas(f, math, differentiate([[formula.logDensity, one]], [formula.y]), () => y);
        f.set(slope, f32x4.mul(atY, scales));
        return;
      }
      const own = f32x4.mul(f32x4.neg(y), scales);
      f.set(slope, base.type === 'normal' ? own : math.multiplyAdd(own, lanes.loadShared(components, k), slope));
    });
    lanes.store(adjoint, i, slope);
  }
};

const standardised = ({ plan, math }: Emission, lanes: Lanes, component: Component, z: number, i: number): V128 => {
  const value = lanes.load(z, i);
  const { scale, shift } = component;
  if (scale.every((factor) => factor === 1) && shift.every((offset) => offset === 0)) return value;
  const moved = math.multiplyAdd(value, lanes.constants(scale, i), lanes.constants(shift, i));
  return times(moved, lanes.mask(identity(plan.features), i));
};

/** Constants of a component, summed over the observed dimensions one by one. */
const constantsOf = ({ plan, math }: Emission, lanes: Lanes, { always, whenObserved }: Component): V128 => {
  const { f } = lanes;
  const known = whenObserved.reduce((sum, value, d) => (plan.presence[d] === null ? sum + value : sum), always);
  const total = f.let(f32x4.constant(known));
  plan.presence.forEach((column, d) => {
    if (column === null) return;
    f.set(total, math.multiplyAdd(lanes.maskOf(d), f32x4.constant(at(whenObserved, d)), total));
  });
  return total;
};

const identity = (features: number): Int32Array => Int32Array.from({ length: features }, (_, i) => i);
