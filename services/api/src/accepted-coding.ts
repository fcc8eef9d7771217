/** Codings in which responses are sent, that of the shorter ones first. */
const CODINGS = ['br', 'gzip'] as const;

/** Coding of a response. */
export type Coding = (typeof CODINGS)[number];

/**
 * Coding in which a client takes a response by its header Accept-Encoding; null where it takes, or
 * prefers, none.
 */
export function acceptedCoding(header: string | undefined): Coding | null {
  const weights = weightsOf(header ?? '');
  const weightOf = (coding: Coding): number => weights.get(coding) ?? weights.get('*') ?? 0;
  const [best] = CODINGS.filter((coding) => weightOf(coding) > 0).sort((a, b) => weightOf(b) - weightOf(a));
  if (best === undefined) return null;
  return weightOf(best) >= (weights.get('identity') ?? 0) ? best : null;
}

/** Weights of a header by coding; 0 refuses one, as does a weight that is no number. */
function weightsOf(header: string): ReadonlyMap<string, number> {
  return new Map(
    header.split(',').map((part) => {
      const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
      const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice('q='.length) ?? '1';
      return [name, /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight) ? Number(weight) : 0];
    }),
  );
}
