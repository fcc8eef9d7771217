/**
 * A frozen flow, ready to score. A row is [x | context]: the flow's encoded features, then its
 * context columns. Matrices are row-major with n rows, and must not change until the call has
 * resolved. Methods may be called again before the last call has resolved; calls are answered in
 * order.
 *
 * A row with NaN in its context, or in a feature that its presence column marks as observed, scores
 * NaN. Any other row with ±Infinity there, or with a log p below the range of float32 (−3.4e38),
 * scores −Infinity. The latent and the gradient of a row with NaN or ±Infinity are NaN. The value
 * of a missing feature is ignored. Rows of the wrong length reject with FLOWLINE_FEATURES_INVALID,
 * calls after dispose with FLOWLINE_USAGE.
 */
export interface Scorer {
  /** Name of the backend that runs, e.g. `tfjs-wasm`. */
  readonly name: string;
  /**
   * Log-likelihood log p of each row in nats, in the encoded space. rows: [n × (features +
   * context)] → [n].
   */
  score(rows: Float32Array, n: number): Promise<Float64Array>;
  /**
   * Latent z of each row, 0 where a feature is missing. rows: [n × (features + context)] → [n ×
   * features].
   */
  latent(rows: Float32Array, n: number): Promise<Float32Array>;
  /**
   * Gradient ∂ log p / ∂ x of each row, 0 where a feature is missing. rows: [n × (features +
   * context)] → [n × features].
   */
  gradient(rows: Float32Array, n: number): Promise<Float32Array>;
  dispose(): void;
}
