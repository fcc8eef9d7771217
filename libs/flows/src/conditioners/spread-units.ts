import { at } from '../at.ts';
import type { NamedVariables } from '../parameter.ts';
import type { Random } from '../random.ts';

/** Name of a first-layer kernel, of the only network or of one among several. */
const FIRST_KERNEL = /(^|\/)w0$/;

/**
 * Sets the biases of first layers so that each unit's argument w·x + b is 0 at its own point x₀,
 * drawn from N(0, I): b = −w·x₀. With zero biases every unit bends at the origin, and with few
 * features a network takes long to tell other regions apart.
 */
export function spreadUnits(variables: NamedVariables, random: Random): void {
  for (const [name, kernel] of variables) {
    if (!FIRST_KERNEL.test(name)) continue;
    const bias = variables.get(name.replace(/w0$/, 'b0'));
    if (bias === undefined) continue;
    const weights = kernel.read();
    const values = new Float32Array(bias.size);
    weights.forEach((weight, i) => {
      const unit = i % bias.size;
      values[unit] = at(values, unit) - weight * random.normal();
    });
    bias.assign(values);
  }
}
