import { setImmediate } from 'node:timers/promises';

import { at, type Explanation, FlowlineError } from '@flowline/events';
import { createScorer, FrozenFlow, type ChosenScorer, type Scorer, type ScorerOptions } from '@flowline/engine';
import { isDimension, isLevelFeature, selectRows, type FeatureTable } from '@flowline/features';
import { initBackend, loadFlowInParts, type Flow } from '@flowline/flows';
import type { ModelBundle } from './bundle/bundle.ts';
import { unusable } from './bundle/unusable.ts';
import { exportBrowser } from './browser/export-browser.ts';
import type { Uniform } from './drift/drift-evidence.ts';
import { type FeaturePits, featurePits } from './drift/feature-pits.ts';
import { marginalPits } from './drift/marginal-pits.ts';
import { type Effort, explainRows } from './explanation/explain-rows.ts';
import { type ConditionalGrid, type NumberConditional, numberConditional } from './explanation/feature-conditional.ts';
import { type LevelConditional, levelConditional } from './explanation/level-conditional.ts';
import { type EventSampleOptions, sampleEvents } from './sampling/sample-events.ts';
import { scoreTable } from './score-table.ts';
import { componentAt, type Scores } from './scores.ts';
import { valueAt } from './sorted.ts';

/** Options of a running detector. */
export interface DetectorOptions extends ScorerOptions {
  /** An event is an anomaly if its p-value is at most this. */
  readonly alpha: number;
}

/** Options of {@link Detector.conditional}. */
export interface ConditionalOptions {
  /** Values at which the density of a number is wanted. */
  readonly grid: ConditionalGrid;
  /** Maximum levels listed. */
  readonly levels: number;
}

/** p-values of a table, with their methods and the components that decided them. */
type PValues = Pick<Scores, 'pValues' | 'pMethods' | 'raisedBy'>;

/** Maximum number of anomalies explained at once. */
const CHUNK_EXPLANATIONS = 16;

/**
 * Loaded model that scores and explains. Life cycle: created → scores and explains any number of
 * times → disposed. Later calls reject with FLOWLINE_USAGE.
 */
export class Detector {
  readonly bundle: ModelBundle;
  readonly alpha: number;
  /** Scoring backend, the device it runs on, and the reason it was chosen. */
  readonly compute: Pick<ChosenScorer, 'device' | 'why' | 'reason'> & { readonly backend: string };
  readonly #flows: readonly FrozenFlow[];
  readonly #scorer: Scorer;
  /** Scores for explanations, on this thread. */
  readonly #explainer: Scorer;
  /** One scorer per member, on this thread. With a single member it is the explainer itself. */
  readonly #members: readonly Scorer[];

  private constructor(
    bundle: ModelBundle,
    alpha: number,
    parts: { flows: readonly FrozenFlow[]; scorer: ChosenScorer; explainer: Scorer; members: readonly Scorer[] },
  ) {
    this.bundle = bundle;
    this.alpha = alpha;
    const { name: backend, device, why, reason } = parts.scorer;
    this.compute = { backend, device, why, reason };
    this.#flows = parts.flows;
    this.#scorer = parts.scorer;
    this.#explainer = parts.explainer;
    this.#members = parts.members;
  }

  /**
   * Loads a bundle's flows on a backend, yielding to the event loop in between.
   * @throws FlowError FLOWLINE_MODEL_CORRUPTED or FLOWLINE_MODEL_INCOMPATIBLE;
   * FLOWLINE_BACKEND_UNAVAILABLE, never a silent fallback.
   */
  static async create(bundle: ModelBundle, { alpha, ...options }: DetectorOptions): Promise<Detector> {
    await initBackend(options.backend === 'tfjs-cpu' ? 'cpu' : 'wasm');
    const flows: Flow[] = [];
    const scorers: Scorer[] = [];
    try {
      for (const bytes of bundle.flows) {
        await setImmediate();
        const flow = await loadFlowInParts(bytes);
        flows.push(flow);
        requireFit(flow, bundle.encoding);
      }
      const frozen = flows.map((flow) => new FrozenFlow(flow));
      const scorer = await createScorer(frozen, options);
      scorers.push(scorer);
      // A busy thread gets the answer of another one late, and an explanation asks several times,
      // for a few rows each.
      const isForBatches = scorer.name === 'wasm-pool' || scorer.name === 'onnxruntime';
      const backend = isForBatches ? 'wasm' : scorer.name;
      const explainer = isForBatches ? await createScorer(frozen, { backend }) : scorer;
      if (isForBatches) scorers.push(explainer);
      const shared = scorers.length;
      for (const flow of flows.length === 1 ? [] : frozen) scorers.push(await createScorer([flow], { backend }));
      const members = flows.length === 1 ? [explainer] : scorers.slice(shared);
      return new Detector(bundle, alpha, { flows: frozen, scorer, explainer, members });
    } catch (error) {
      for (const scorer of scorers) scorer.dispose();
      for (const flow of flows) flow.dispose();
      throw error;
    }
  }

  /** Scores a table; see {@link scoreTable}. */
  async score(table: FeatureTable): Promise<Scores> {
    return scoreTable({ ...this.bundle, scorer: this.#scorer }, table);
  }

  /**
   * Explains why rows of a table are surprising, in the order of `rows`. `scores` are those of the
   * same table. The features are screened, and the most surprising ones explained: use it for
   * anomalies, not for every event.
   */
  explain(table: FeatureTable, rows: readonly number[], scores: PValues): Promise<readonly Explanation[]> {
    return this.#explain(table, rows, scores, 'quick');
  }

  /**
   * Explains rows like {@link explain}, but every feature of them, at about 130 evaluations of the
   * flow each.
   */
  explainFully(table: FeatureTable, rows: readonly number[], scores: PValues): Promise<readonly Explanation[]> {
    return this.#explain(table, rows, scores, 'full');
  }

  async #explain(
    table: FeatureTable,
    rows: readonly number[],
    scores: PValues,
    effort: Effort,
  ): Promise<readonly Explanation[]> {
    const explanations: Explanation[] = [];
    const parts = {
      encoding: this.bundle.encoding,
      scorer: this.#explainer,
      members: this.#members,
      flows: this.#flows,
    };
    for (let start = 0; start < rows.length; start += CHUNK_EXPLANATIONS) {
      const chunk = rows.slice(start, start + CHUNK_EXPLANATIONS);
      const decided = chunk.map((row) => ({
        p: valueAt(scores.pValues, row),
        method: at(scores.pMethods, row),
        raisedBy: componentAt(scores, row),
      }));
      explanations.push(...(await explainRows(parts, selectRows(table, chunk), decided, effort)));
    }
    return explanations;
  }

  /**
   * Distribution of a scored feature of the only row of a table, given the rest of it.
   * @throws FlowlineError FLOWLINE_FEATURES_INVALID for a feature that is not scored, or whose
   * distribution the rest of the row leaves without meaning.
   */
  async conditional(
    table: FeatureTable,
    feature: string,
    { grid, levels }: ConditionalOptions,
  ): Promise<NumberConditional | LevelConditional> {
    const { encoding } = this.bundle;
    const dimension = encoding.dimensionNames.indexOf(feature);
    if (dimension < 0) {
      requireScoredLevel(this.bundle.schema, feature);
      return levelConditional(encoding, (rows) => this.score(rows), table, { feature, most: levels });
    }
    const pValue = valueAt((await this.score(table)).pValues, 0);
    return numberConditional({ encoding, scorer: this.#explainer }, table, { dimension, grid, pValue });
  }

  /**
   * PITs of the rows of a table per scored feature, the conditional ones before the marginal ones;
   * see {@link featurePits} and {@link marginalPits}.
   */
  async featurePits(table: FeatureTable, random: Uniform): Promise<readonly FeaturePits[]> {
    const { encoding } = this.bundle;
    const conditional = await featurePits({ encoding, scorer: this.#explainer }, table, random);
    return [...conditional, ...marginalPits(encoding, table, random)];
  }

  /** Exports the model for browsers; see {@link exportBrowser}. */
  exportBrowser(): Promise<Uint8Array> {
    return exportBrowser(this.bundle, this.#flows);
  }

  /** Draws events from the model; see {@link sampleEvents}. */
  sample(options: EventSampleOptions): Promise<FeatureTable> {
    return sampleEvents({ encoding: this.bundle.encoding, flows: this.#flows }, options);
  }

  /** Disposes the flows and scorers. The bundle stays usable. */
  dispose(): void {
    for (const scorer of new Set([this.#scorer, this.#explainer, ...this.#members])) scorer.dispose();
    for (const { flow } of this.#flows) flow.dispose();
  }
}

/** @throws FlowlineError FLOWLINE_MODEL_CORRUPTED for a flow of other rows than the encoding's. */
function requireFit(
  { features, context }: Flow,
  { dimensions, contextWidth }: Pick<ModelBundle['encoding'], 'dimensions' | 'contextWidth'>,
): void {
  if (features === dimensions && context === contextWidth) return;
  const found = `a flow of ${features} features and ${context} columns of context`;
  throw unusable('FLOWLINE_MODEL_CORRUPTED', `it has ${found} for rows of ${dimensions} and ${contextWidth}`);
}

/** @throws FlowlineError FLOWLINE_FEATURES_INVALID unless the feature is a level with a density. */
function requireScoredLevel(schema: ModelBundle['schema'], feature: string): void {
  const isLevel = (spec: ModelBundle['schema'][number]): boolean => isLevelFeature(spec) && spec.role === 'score';
  const found = schema.find(({ name }) => name === feature);
  if (found !== undefined && isLevel(found)) return;
  const scored = schema.filter((spec) => isDimension(spec) || isLevel(spec)).map(({ name }) => name);
  const why =
    found === undefined ? `The model has no feature ${feature}.` : `${feature} is context, without a density.`;
  throw new FlowlineError('FLOWLINE_FEATURES_INVALID', why, {
    where: 'feature',
    remedy: `Ask for one of ${scored.join(', ')}.`,
  });
}
