import { at } from '@flowline/events';
import type { Emission } from './emission.ts';
import { f32x4 } from './assembly/expression.ts';
import type { V128 } from './assembly/expression.ts';
import { writeFormulas } from './formula.ts';
import { times } from './lanes.ts';
import type { Lanes } from './lanes.ts';
import { differentiate } from '../../formula/differentiate.ts';
import { one } from '../../formula/graph.ts';
import { baseComponents, baseFormula, knownConstant } from '../../steps/base.ts';
import type { BaseComponent } from '../../steps/base.ts';

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
  const formula = baseFormula(plan.base);
  const each = baseComponents(plan).map((component) => (): V128 => {
    const constants = f.let(constantsOf(emission, lanes, component));
    if (plan.base.type === 'studentT') {
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
  const parts = baseComponents(plan);
  const formula = baseFormula(base);
  for (let i = 0; i < lanes.vectors; i++) {
    const slope = f.let(f32x4.constant(0));
    parts.forEach((component, k) => {
      const y = f.let(standardised(emission, lanes, component, z, i));
      const scales = lanes.constants(
        component.shrink.map((scale, d) => scale * at(plan.scale, d)),
        i,
      );
      if (base.type === 'studentT') {
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

/** y of a component from the block of z, 0 where not observed. */
const standardised = ({ plan, math }: Emission, lanes: Lanes, component: BaseComponent, z: number, i: number): V128 => {
  const value = lanes.load(z, i);
  const { location, shrink } = component;
  const shift = location.map((center, d) => -center * at(shrink, d));
  if (shrink.every((factor) => factor === 1) && shift.every((offset) => offset === 0)) return value;
  const moved = math.multiplyAdd(value, lanes.constants(shrink, i), lanes.constants(shift, i));
  return times(moved, lanes.mask(identity(plan.features), i));
};

/** Constants of a component, summed over the observed dimensions one by one. */
const constantsOf = ({ plan, math }: Emission, lanes: Lanes, component: BaseComponent): V128 => {
  const { f } = lanes;
  const total = f.let(f32x4.constant(knownConstant(plan, component)));
  plan.presence.forEach((column, d) => {
    if (column === null) return;
    f.set(total, math.multiplyAdd(lanes.maskOf(d), f32x4.constant(at(component.constants, d)), total));
  });
  return total;
};

const identity = (features: number): Int32Array => Int32Array.from({ length: features }, (_, i) => i);
