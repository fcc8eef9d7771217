/**
 * An invertible change of one number, from original units to the real line, with its Jacobian. `forward` is defined and
 * finite on what `nearest` returns; the density it induces is exact on its support, which contains every accepted value.
 */
export interface Transform {
  readonly config: TransformConfig;
  /** The ends of the domain: the least and the greatest float64 that `nearest` gives. */
  readonly bounds: readonly [lowest: number, highest: number];
  /** Whether a finite value lies in the domain, or a hair beyond its end; elsewhere its density is 0. */
  readonly accepts: (value: number) => boolean;
  /** The value of the domain that stands for a finite one: itself, the end it lies beyond, or the closest. */
  readonly nearest: (value: number) => number;
  /** Original units → the real line. */
  readonly forward: (value: number) => number;
  /** The inverse of `forward`, on the whole real line. */
  readonly inverse: (y: number) => number;
  /** log |d forward / d value| at a value, in nats; `y` is forward(value), so that it is not computed twice. */
  readonly logAbsDet: (value: number, y: number) => number;
}

/** What a transform is rebuilt from: plain JSON. */
export type TransformConfig =
  | { readonly type: 'identity' }
  | { readonly type: 'integer' }
  | { readonly type: 'asinh' }
  | { readonly type: 'log'; readonly floor: number }
  | { readonly type: 'positive'; readonly shift: number; readonly floor: number; readonly tolerance: number }
  | { readonly type: 'unit'; readonly epsilon: number };
