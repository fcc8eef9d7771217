/**
 * A frozen flow, ready to score. A row is [x | context]: the flow's encoded features, then its context columns; matrices are
 * row-major with n rows. Every method may be called again before the last call has resolved; calls are answered in order.
 */
export interface Scorer {
  /** The backend that runs, e.g. `tfjs-wasm`. */
  readonly name: string;
  /** log p of each row in nats, in the encoded space. rows: [n × (features + context)] → [n]. */
  score(rows: Float32Array, n: number): Promise<Float64Array>;
  /** The latent z of each row. rows: [n × (features + context)] → [n × features]. */
  latent(rows: Float32Array, n: number): Promise<Float32Array>;
  /** ∂ log p / ∂ x of each row. rows: [n × (features + context)] → [n × features]. */
  gradient(rows: Float32Array, n: number): Promise<Float32Array>;
  dispose(): void;
}
