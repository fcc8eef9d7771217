/** Cuts 2³² into the share that is kept. */
const RANGE = 2 ** 32;

/** Says of an offset of one partition whether it is in the sample. */
export type InSample = (offset: number) => boolean;

/**
 * The uniform sample of a partition that a share of its events make. Which they are follows from topic, partition and offset alone:
 * the same for every detector, scorer and repetition. A larger share holds the smaller one.
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

/** The finalizer of MurmurHash3: every bit of the input changes half of the output's. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
