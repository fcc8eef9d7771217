/**
 * A frozen flow, ready to score. A row is [x | context]: the flow's encoded features, then its context columns; matrices are
 * row-major with n rows, and must stay as they are until the call has resolved. Every method may be called again before the
 * last call has resolved; calls are answered in order.
 *
 * A row that holds NaN (in its context, or in a feature that its presence columns call observed) scores NaN; otherwise one
 * that holds ±Infinity, or whose log p is below what float32 can say (−3.4e38), scores −Infinity. The latent and the
 * gradient of a row that holds NaN or ±Infinity are NaN. What stands in the place of a missing feature does not matter.
 * Rows that do not have the promised length reject with FLOWLINE_FEATURES_INVALID, calls after dispose with FLOWLINE_USAGE.
 */
export interface Scorer {
  /** The backend that runs, e.g. `tfjs-wasm`. */
  readonly name: string;
  /** log p of each row in nats, in the encoded space. rows: [n × (features + context)] → [n]. */
  score(rows: Float32Array, n: number): Promise<Float64Array>;
  /** The latent z of each row, 0 where a feature is missing. rows: [n × (features + context)] → [n × features]. */
  latent(rows: Float32Array, n: number): Promise<Float32Array>;
  /** ∂ log p / ∂ x of each row, 0 where a feature is missing. rows: [n × (features + context)] → [n × features]. */
  gradient(rows: Float32Array, n: number): Promise<Float32Array>;
  dispose(): void;
}
