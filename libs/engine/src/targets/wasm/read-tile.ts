import { hasPresence } from './emission.ts';
import type { Emission } from './emission.ts';
import { f32x4, i32, v128 } from './assembly/expression.ts';
import type { I32, V128 } from './assembly/expression.ts';
import type { FunctionReference } from './assembly/function-builder.ts';
import { squash, squashSlope } from './squash.ts';
import { Entry, overTable } from './table.ts';

/**
 * Emits u = scale·v + shift·o for the dimension of a table entry, at a byte offset within the
 * quantity.
 */
export const readDimension = (emission: Emission, entry: I32, offset: I32): V128 => {
  const { plan, math } = emission;
  const shift = v128.loadSplat(entry, Entry.shift);
  return math.multiplyAdd(
    v128.loadSplat(entry, Entry.scale),
    v128.load(i32.add(i32.load(entry, Entry.state), offset)),
    hasPresence(plan) ? f32x4.mul(shift, readMask(entry, offset)) : shift,
  );
};

/** Emits o for the dimension of a table entry. */
const readMask = (entry: I32, offset: I32): V128 => v128.load(i32.add(i32.load(entry, Entry.mask), offset));

/** Multiplies a value by o of a table entry, if the plan has masks at all. */
export const masked = (emission: Emission, value: V128, entry: I32, offset: I32): V128 =>
  hasPresence(emission.plan) ? f32x4.mul(value, readMask(entry, offset)) : value;

/**
 * Gathers squash(u) of a table, one quantity after another. Parameters: table, its end,
 * destination, bytes of the panels, and with `saves` the destination of d squash / dv.
 */
export const defineGather = (emission: Emission, clip: number | null, saves: boolean): FunctionReference => {
  const { module, math } = emission;
  return module.define(`gatherTile ${clip} ${saves}`, saves ? 5 : 4, (f) => {
    const [entry, end, to] = [f.let(f.parameter(0)), f.parameter(1), f.let(f.parameter(2))];
    const slope = saves ? f.let(f.parameter(4)) : to;
    overTable(f, entry, end, f.parameter(3), saves ? [to, slope] : [to], (offset) => {
      const value = f.let(readDimension(emission, entry, offset));
      const squashed = f.let(squash(f, math, clip, value));
      f.store(i32.add(to, offset), squashed);
      if (!saves) return;
      const bend = squashSlope(f, clip, squashed);
      f.store(i32.add(slope, offset), f32x4.mul(bend, v128.loadSplat(entry, Entry.scale)));
    });
  });
};

/**
 * Scatters quantities into the state at the dimensions of a table, 0 where not observed.
 * Parameters: table, its end, from, bytes of the panels.
 */
export const defineScatter = (emission: Emission): FunctionReference =>
  emission.module.define('scatterTile', 4, (f) => {
    const [entry, from] = [f.let(f.parameter(0)), f.let(f.parameter(2))];
    overTable(f, entry, f.parameter(1), f.parameter(3), [from], (offset) => {
      const value = masked(emission, v128.load(i32.add(from, offset)), entry, offset);
      f.store(i32.add(i32.load(entry, Entry.state), offset), value);
    });
  });
