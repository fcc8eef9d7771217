import { at } from '@flowline/events';
import type { Scorer } from '../scorer.ts';

/**
 * Equal mixture of M flows, itself a density: log p = logsumexp_m log p_m − log M. The latent is
 * that of the member with the largest responsibility r_m = p_m / Σ p. The gradient is
 * Σ r_m ∇ log p_m. A single member is returned as it is.
 */
export const ensemble = (members: readonly Scorer[], features: number): Scorer => {
  const only = members[0];
  if (members.length === 1 && only !== undefined) return only;
  const scores = (rows: Float32Array, n: number): Promise<Float64Array[]> =>
    Promise.all(members.map((member) => member.score(rows, n)));
  return {
    name: only?.name ?? 'none',
    async score(rows, n) {
      const each = await scores(rows, n);
      return Float64Array.from({ length: n }, (_, i) => mixture(each.map((of) => at(of, i))));
    },
    async latent(rows, n) {
      const [each, latents] = await Promise.all([
        scores(rows, n),
        Promise.all(members.map((member) => member.latent(rows, n))),
      ]);
      const result = new Float32Array(n * features);
      for (let i = 0; i < n; i++) {
        const logs = each.map((of) => at(of, i));
        const chosen = at(latents, Math.max(0, logs.indexOf(Math.max(...logs))));
        result.set(chosen.subarray(i * features, (i + 1) * features), i * features);
      }
      return result;
    },
    async gradient(rows, n) {
      const [each, gradients] = await Promise.all([
        scores(rows, n),
        Promise.all(members.map((member) => member.gradient(rows, n))),
      ]);
      const result = new Float32Array(n * features);
      for (let i = 0; i < n; i++) {
        const weights = responsibilities(each.map((of) => at(of, i)));
        for (let j = i * features; j < (i + 1) * features; j++) {
          result[j] = weights.reduce(
            (sum, weight, m) => (weight === 0 ? sum : sum + weight * at(at(gradients, m), j)),
            0,
          );
        }
      }
      return result;
    },
    dispose() {
      for (const member of members) member.dispose();
    },
  };
};

/** Log of the mean of e^a, without overflow. */
const mixture = (logs: readonly number[]): number => {
  const largest = Math.max(...logs);
  if (!Number.isFinite(largest)) return largest;
  return largest + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - largest), 0) / logs.length);
};

/** Responsibilities p_m / Σ p. Equal if no member has a density. */
const responsibilities = (logs: readonly number[]): number[] => {
  const largest = Math.max(...logs);
  if (!Number.isFinite(largest)) return logs.map(() => 1 / logs.length);
  const weights = logs.map((log) => Math.exp(log - largest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
};
