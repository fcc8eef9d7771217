import { ApiProblem, call } from '../client/call.ts';
import type { BrowserDetector, EventValues } from '../client/model-program.ts';

const MOST_SAMPLES = 600;
const MOST_ANOMALIES = 200;
const SEED = 1;

/** Model and events that the explorer shows. */
export interface Explored {
  readonly version: number;
  readonly model: BrowserDetector;
  /** Threshold in force; null if nothing says. */
  readonly alpha: number | null;
  /** Events drawn from the model. */
  readonly samples: readonly EventValues[];
  /** Values of the most surprising anomalies. */
  readonly anomalies: readonly EventValues[];
  /** Drawn event with the greatest density, complete if one is: where the point begins. */
  readonly usual: EventValues;
}

/**
 * Loads a model of a detector, its champion by default, into the page; null if there is none.
 * @throws ApiProblem.
 */
export async function loadExplorer(
  detector: string,
  asked: number | null,
  signal: AbortSignal,
): Promise<Explored | null> {
  const params = { detector };
  const { items } = await call('GET /v1/detectors/{detector}/models', { params, query: { limit: 50 }, signal });
  const listed = items.find(({ aliases, version }) =>
    asked === null ? aliases.includes('champion') : version === asked,
  );
  const version = listed?.version ?? asked;
  if (version === null) return null;
  const found =
    listed ?? (await call('GET /v1/detectors/{detector}/models/{version}', { params: { detector, version }, signal }));
  const [model, { samples }, status, anomalies] = await Promise.all([
    openProgram(detector, version, found.sha256, signal),
    call('POST /v1/detectors/{detector}/sample', {
      ...{ params, signal },
      body: { count: MOST_SAMPLES, seed: SEED, modelVersion: version },
    }),
    call('GET /v1/detectors/{detector}/status', { params, signal }),
    call('GET /v1/anomalies', { query: { detector, order: 'surprise', limit: MOST_ANOMALIES }, signal }),
  ]);
  const { scoring = null } = status as { readonly scoring?: { readonly alpha: number | null } | null };
  const complete = samples.filter(({ values }) => Object.values(values).every((value) => value !== null));
  const densest = (complete.length > 0 ? complete : samples).reduce((best, each) =>
    (each.logDensityNats ?? -Infinity) > (best.logDensityNats ?? -Infinity) ? each : best,
  );
  return {
    ...{ version, model, alpha: scoring?.alpha ?? found.alpha },
    samples: samples.map(({ values }) => values),
    anomalies: anomalies.items.map(({ observed }) => observed),
    usual: densest.values,
  };
}

async function openProgram(
  detector: string,
  version: number,
  sha256: string,
  signal: AbortSignal,
): Promise<BrowserDetector> {
  const { openModel } = await import('../client/model-program.ts');
  try {
    return await openModel({ detector, version, sha256 }, signal);
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'FLOWLINE_BACKEND_UNAVAILABLE') throw error;
    throw new ApiProblem({
      ...{ status: -1, code: error.code, detail: 'This browser does not run the model: it has no WebAssembly SIMD.' },
      remedy: 'Use a current browser. What-if answers on the server.',
    });
  }
}
