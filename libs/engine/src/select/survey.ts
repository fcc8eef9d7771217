import { FlowlineError, type ScoringBackend } from '@flowline/events';
import { initBackend, Random, realNVP } from '@flowline/flows';
import type { Flow } from '@flowline/flows';

import type { BackendEntry } from '../targets/backend-entry.ts';
import { backendTable } from './backend-table.ts';
import { backendOptions, createOn } from './create-on.ts';
import { frozen } from '../frozen-flow.ts';
import { measuredRate } from './measured-rate.ts';

/** Survey result of one backend on this machine. */
export interface SurveyedBackend {
  readonly name: ScoringBackend;
  readonly available: boolean;
  /** True if the backend needs packages that do not come with Flowline. */
  readonly optional: boolean;
  /** Device in words. Null if the backend does not run. */
  readonly device: string | null;
  /** Reason why the backend does not run, and what would help. Null if it does. */
  readonly why: string | null;
  readonly remedy: string | null;
  /** Events per second on the standard model. Null if the backend does not run. */
  readonly eventsPerSecond: number | null;
  /** Rows per measured call. */
  readonly batch: number;
}

/** Standard model of the survey: d = 10, 8 couplings, hidden [64, 64]. */
const STANDARD = { features: 10, layers: 8, hidden: [64, 64], seed: 1 };
const BATCH = 512;
/**
 * A backend that takes longer than SLOW_MS for this many rows is measured with only them, so that
 * the survey takes about a second.
 */
const FEW_ROWS = 32;
const SLOW_MS = 20;

/**
 * Surveys every backend: whether it runs here, why not, its device, and its throughput on a small
 * standard model.
 */
export const surveyBackends = async (
  table: readonly BackendEntry[] = backendTable,
): Promise<readonly SurveyedBackend[]> => {
  await initBackend('wasm');
  const flow = realNVP(STANDARD);
  try {
    const surveyed: SurveyedBackend[] = [];
    for (const entry of table) surveyed.push(await survey(entry, flow));
    return surveyed;
  } finally {
    await initBackend('wasm');
    flow.dispose();
  }
};

const survey = async (entry: BackendEntry, flow: Flow): Promise<SurveyedBackend> => {
  const { name } = entry;
  const common = { name, optional: OPTIONAL.has(name), batch: BATCH };
  const absent = { ...common, available: false, device: null, eventsPerSecond: null };
  const options = backendOptions({});
  const availability = await entry.probe(options);
  if (!availability.available) return { ...absent, why: availability.why, remedy: availability.remedy };
  try {
    const scorer = await createOn(entry, frozen([flow]), options);
    try {
      const rows = new Random(STANDARD.seed).normals(BATCH * STANDARD.features);
      await scorer.score(rows, FEW_ROWS);
      const startMs = performance.now();
      await scorer.score(rows, FEW_ROWS);
      const batch = performance.now() - startMs > SLOW_MS ? FEW_ROWS : BATCH;
      const measured = await measuredRate(scorer, rows, STANDARD.features, batch);
      return {
        ...common,
        batch: measured.rows,
        available: true,
        device: availability.device,
        why: null,
        remedy: null,
        eventsPerSecond: measured.eventsPerSecond,
      };
    } finally {
      scorer.dispose();
    }
  } catch (error) {
    if (!(error instanceof FlowlineError)) throw error;
    return { ...absent, why: error.message, remedy: error.remedy ?? 'See the message.' };
  }
};

const OPTIONAL: ReadonlySet<string> = new Set(['onnxruntime', 'tensorflow', 'webgpu']);
