import type { Reply } from '../client/call.ts';

/** Model with the report of its training. */
export type Model = Reply<'GET /v1/detectors/{detector}/models/{version}'>;

/** Parts of a report that pages show. */
interface Manifest {
  readonly family?: string;
  readonly members?: number;
  readonly heldOut?: { readonly nllNats: number | null; readonly standardError: number | null };
  readonly history?: Readonly<Record<string, { readonly rows: number; readonly toMs?: number | null } | undefined>>;
  /** SHA-256 of the model whose weights one member was trained further from. */
  readonly startedFrom?: string;
  /** SHA-256 of the model that was calibrated again. */
  readonly recalibratedFrom?: string;
}

/** Report of a model, as the API passes it on. */
export const manifestOf = ({ manifest }: Pick<Model, 'manifest'>): Manifest => manifest;

/** Model that another one comes from, in words. */
export function lineageOf(model: Pick<Model, 'manifest'>, all: readonly Pick<Model, 'sha256' | 'version'>[]): string {
  const { startedFrom, recalibratedFrom } = manifestOf(model);
  const named = (sha256: string): string => {
    const found = all.find((each) => each.sha256 === sha256);
    return found === undefined ? `an earlier model (${sha256.slice(0, 8)})` : `model ${found.version}`;
  };
  if (recalibratedFrom !== undefined) return `${named(recalibratedFrom)}, calibrated again`;
  return startedFrom === undefined ? 'new weights' : `weights of ${named(startedFrom)}`;
}
