import { Parameter, type Flow } from '@flowline/flows';

type Matrix = Parameters<Flow['decode']>[0];

/**
 * The encoded features of latents: x = f⁻¹(z | context). latents [n × d] and context [n × c], row-major → [n × d].
 * Runs on the flow library's current backend.
 */
export async function decodeLatents(
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
