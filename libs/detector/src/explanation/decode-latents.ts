import { canInvert, type FrozenFlow, invert, invertsAtOnce, whyNotLowered } from '@flowline/engine';
import { Turns } from '@flowline/events';
import { Parameter, type Flow } from '@flowline/flows';

type Matrix = ReturnType<Flow['decode']>;

/**
 * Up to this many numbers are inverted row by row, and any number if that takes one pass through
 * the flow. tfjs takes several milliseconds per call, almost regardless of the rows; a row of 256
 * features takes as long by itself if each of them is a pass.
 */
const FEW_NUMBERS = 128;

/**
 * Decodes latents to encoded features, x = f⁻¹(z | context). latents [n × d] and context [n × c],
 * row-major → [n × d].
 */
export async function decodeLatents(
  frozen: FrozenFlow,
  latents: Float32Array,
  context: Float32Array,
  n: number,
): Promise<Float32Array> {
  const { flow } = frozen;
  if (whyNotLowered(flow) !== null) return decodeOnTensors(flow, latents, context, n);
  const plan = await frozen.plan();
  const isQuick = invertsAtOnce(plan) || (n * flow.features <= FEW_NUMBERS && canInvert(plan));
  if (!isQuick) return decodeOnTensors(flow, latents, context, n);
  const { features, context: given } = flow;
  const x = new Float32Array(n * features);
  const turns = new Turns();
  for (let row = 0; row < n; row++) {
    await turns.pause();
    const latent = latents.subarray(row * features, (row + 1) * features);
    x.set(invert(plan, latent, context.subarray(row * given, (row + 1) * given)), row * features);
  }
  return x;
}

/** Decodes with the flow itself, on the flow library's current backend. */
async function decodeOnTensors(
  flow: Flow,
  latents: Float32Array,
  context: Float32Array,
  n: number,
): Promise<Float32Array> {
  const z = new Parameter<Matrix['rankType']>([n, flow.features], latents);
  const given = flow.context === 0 ? null : new Parameter<Matrix['rankType']>([n, flow.context], context);
  try {
    const x = flow.decode(z.value, given?.value);
    try {
      return Float32Array.from(await x.data());
    } finally {
      x.dispose();
    }
  } finally {
    z.dispose();
    given?.dispose();
  }
}
