import { at } from '@flowline/events';
import { Random } from '@flowline/flows';

/** Payment in a shop. */
export interface Payment {
  readonly at: string;
  readonly shop: string;
  /** EUR. */
  readonly amount: number;
  readonly items: number;
  /** ms. */
  readonly latency: number;
  readonly method: string;
}

const shops = ['amsterdam', 'berlin', 'dublin', 'lisbon', 'lyon', 'milan', 'oslo', 'porto', 'prague', 'vienna'];
const STEP_MS = 120_000;
const STEPS_PER_DAY = 720;

/** Mean latencies by method, as logarithms of ms, and the share of payments below. */
const methods = [
  { method: 'card', upTo: 0.62, logLatency: 5.1 },
  { method: 'wallet', upTo: 0.9, logLatency: 4.7 },
  { method: 'invoice', upTo: 1, logLatency: 6.2 },
] as const;

/**
 * Payments of some shops for some days up to a time, in order.
 * @param isFaulty false for a history without faults.
 */
export function payments({
  end,
  days,
  seed,
  isFaulty,
}: {
  readonly end: Date;
  readonly days: number;
  readonly seed: number;
  readonly isFaulty: boolean;
}): readonly Payment[] {
  const random = new Random(seed);
  const steps = days * STEPS_PER_DAY;
  return Array.from({ length: steps }, (_, step): Payment => {
    const age = (steps - step) / STEPS_PER_DAY;
    const share = random.uniform();
    const { method, logLatency } = methods.find(({ upTo }) => share < upTo) ?? methods[2];
    const items = 1 + Math.floor(-1.6 * Math.log(1 - random.uniform()));
    const usual = {
      shop: at(shops, random.integer(shops.length)),
      amount: items * Math.exp(2.9 + 0.45 * random.normal()),
      latency: Math.exp(logLatency + 0.06 * items + 0.22 * random.normal()),
    };
    const found = isFaulty ? faulty(usual, method, age) : usual;
    return {
      ...{ at: new Date(end.getTime() - (steps - 1 - step) * STEP_MS).toISOString(), shop: found.shop, items, method },
      ...{ amount: Number(found.amount.toFixed(2)), latency: Math.round(found.latency) },
    };
  });
}

type Values = Pick<Payment, 'shop' | 'amount' | 'latency'>;

function faulty(usual: Values, method: string, age: number): Values {
  // The card processor is slow for an hour and a half.
  if (method === 'card' && age <= 1.32 && age > 1.25) return { ...usual, latency: 7 * usual.latency };
  // A shop books in cents.
  if (usual.shop === 'oslo' && age <= 9.4 && age > 9.2) return { ...usual, amount: 100 * usual.amount };
  return usual;
}

/** Table of a history as CSV. */
export const paymentTable = (history: readonly Payment[]) => ({
  name: 'payment_history',
  columns: 'at timestamptz, shop text, amount float8, items integer, latency float8, method text',
  csv: history
    .map((each) => [each.at, each.shop, each.amount, each.items, each.latency, each.method].join(','))
    .join('\n'),
});
