/** Range of hashes, 2³², which is divided by the sampling share. */
const RANGE = 2 ** 32;

/** Tells whether an offset of one partition is in the sample. */
export type InSample = (offset: number) => boolean;

/**
 * Creates a uniform sample of a partition's events. Membership depends on topic, partition and
 * offset alone, so it is the same for every detector, scorer and repetition. A larger share
 * contains a smaller one.
 * @param share in [0, 1].
 */
export function sampler(topic: string, partition: number, share: number): InSample {
  if (share >= 1) return () => true;
  const bound = share * RANGE;
  const seed = mix(hashText(topic) ^ Math.imul(partition + 1, 0x9e3779b1));
  return (offset) => mix(mix(seed ^ (offset % RANGE)) ^ Math.floor(offset / RANGE)) >>> 0 < bound;
}

/** FNV-1a over UTF-16 code units. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** Finalizer of MurmurHash3: every input bit changes half of the output bits. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
