/**
 * Invertible map of one number from original units to the real line, with its Jacobian. `forward`
 * is defined and finite for every result of `nearest`. The induced density is exact on its support,
 * which contains every accepted value.
 */
export interface Transform {
  readonly config: TransformConfig;
  /** Ends of the domain: the least and the greatest float64 that `nearest` returns. */
  readonly bounds: readonly [lowest: number, highest: number];
  /**
   * True if a finite value lies in the domain or within tolerance of its ends. Elsewhere its
   * density is 0.
   */
  readonly accepts: (value: number) => boolean;
  /**
   * Returns the value of the domain that represents a finite value: itself, the end it lies beyond,
   * or the nearest one.
   */
  readonly nearest: (value: number) => number;
  /** Maps original units to the real line. */
  readonly forward: (value: number) => number;
  /** Inverse of `forward`, on the whole real line. */
  readonly inverse: (y: number) => number;
  /**
   * log |d forward / d value| at a value, in nats. `y` is forward(value), which is not computed
   * twice.
   */
  readonly logAbsDet: (value: number, y: number) => number;
}

/** Parameters of a transform, as plain JSON. */
export type TransformConfig =
  | { readonly type: 'identity' }
  | { readonly type: 'integer' }
  | { readonly type: 'asinh' }
  | { readonly type: 'log'; readonly floor: number }
  | { readonly type: 'positive'; readonly shift: number; readonly floor: number; readonly tolerance: number }
  | { readonly type: 'unit'; readonly epsilon: number };
