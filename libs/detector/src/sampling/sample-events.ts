import type { FrozenFlow } from '@flowline/engine';
import { FlowlineError, turn } from '@flowline/events';
import {
  concatTables,
  type FeatureEncoding,
  type FeatureTable,
  type GivenValues,
  selectRows,
  sliceTable,
} from '@flowline/features';
import { Parameter, Random } from '@flowline/flows';

import { decodeLatents } from '../explanation/decode-latents.ts';
import { valueAt } from '../sorted.ts';

/** Rows drawn at once. Always this many, so that fewer samples are the first of more. */
const BLOCK_ROWS = 64;
/** Blocks without a single finite row, after which a model is taken for broken. */
const MOST_EMPTY_BLOCKS = 10;

/** Options of drawing events. */
export interface EventSampleOptions {
  readonly count: number;
  /** The same seed, model and context give the same events. */
  readonly seed: number;
  /** Values of context features; those that are not given are drawn. */
  readonly given: GivenValues;
  /** Rejects with its reason between two blocks of rows. */
  readonly signal?: AbortSignal | undefined;
}

/** Parts of a model from which events are drawn. */
interface SampledModel {
  readonly encoding: FeatureEncoding;
  readonly flows: readonly FrozenFlow[];
}

/**
 * Draws events from a model, in original units: first what is missing, the levels and the context
 * (see FeatureEncoding.drawConditions), then the numbers x = f⁻¹(z | context) with z from the base
 * distribution of the flow, or of one member of an ensemble, each as likely. Integers are rounded
 * and values confined to their domain; a row beyond float32 is drawn again.
 * @throws FlowlineError FLOWLINE_FEATURES_INVALID for a context that does not fit;
 * FLOWLINE_MODEL_CORRUPTED if the flow gives no finite row.
 */
export async function sampleEvents(model: SampledModel, options: EventSampleOptions): Promise<FeatureTable> {
  const { count, seed, given, signal } = options;
  const random = new Random(seed);
  const [conditions, latents] = [random.fork('conditions'), random.fork('latents')];
  const blocks: FeatureTable[] = [];
  let size = 0;
  for (let empty = 0; size < count;) {
    await turn(signal);
    const block = await drawBlock(model, model.encoding.drawConditions(BLOCK_ROWS, conditions, given), latents);
    blocks.push(block);
    size += block.size;
    empty = block.size === 0 ? empty + 1 : 0;
    if (empty === MOST_EMPTY_BLOCKS) throw notFinite();
  }
  return sliceTable(concatTables(blocks), 0, count);
}

/** Fills in the numbers of drawn rows; those that are not finite are left out. */
async function drawBlock(model: SampledModel, conditions: FeatureTable, random: Random): Promise<FeatureTable> {
  const { encoding } = model;
  const batch = encoding.encode(conditions);
  const x = await drawNumbers(model, encoding.split(batch).context, batch.size, random);
  const encoded = Float32Array.from(batch.rows);
  const { dimensions: d } = encoding;
  for (let row = 0; row < batch.size; row++) encoded.set(x.subarray(row * d, (row + 1) * d), row * batch.width);
  const decoded = encoding.decode(encoded, batch.size);
  const numeric = Float64Array.from(conditions.numeric);
  const finite = Array.from({ length: batch.size }, (_, row) => row).filter((row) =>
    encoding.scored.every(({ numericColumn }, dimension) => {
      const cell = row * conditions.numericWidth + numericColumn;
      if (Number.isNaN(valueAt(numeric, cell))) return true;
      numeric[cell] = valueAt(decoded.numeric, cell);
      return Number.isFinite(valueAt(x, row * d + dimension));
    }),
  );
  return selectRows({ ...conditions, numeric }, finite);
}

/** Encoded numbers of rows given their context, [n × d]. */
async function drawNumbers(
  { encoding, flows }: SampledModel,
  context: Float32Array,
  n: number,
  random: Random,
): Promise<Float32Array> {
  const { dimensions: d, contextWidth: c } = encoding;
  const x = new Float32Array(n * d);
  const chosen = Array.from({ length: n }, () => (flows.length === 1 ? 0 : random.integer(flows.length)));
  for (const [member, flow] of flows.entries()) {
    const mine = chosen.flatMap((each, row) => (each === member ? [row] : []));
    if (mine.length === 0) continue;
    const given = new Float32Array(mine.length * c);
    mine.forEach((row, i) => given.set(context.subarray(row * c, (row + 1) * c), i * c));
    const latents = await drawLatents(flow, given, mine.length, random);
    const own = await decodeLatents(flow, latents, given, mine.length);
    mine.forEach((row, i) => x.set(own.subarray(i * d, (i + 1) * d), row * d));
  }
  return x;
}

/** Latents of rows from the base distribution of a flow, [n × d]. */
async function drawLatents(
  { flow }: FrozenFlow,
  context: Float32Array,
  n: number,
  random: Random,
): Promise<Float32Array> {
  const given = flow.context === 0 ? null : new Parameter<Matrix['rankType']>([n, flow.context], context);
  try {
    const latents = flow.base.sample(n, random, given?.value);
    try {
      return Float32Array.from(await latents.data());
    } finally {
      latents.dispose();
    }
  } finally {
    given?.dispose();
  }
}

type Matrix = ReturnType<FrozenFlow['flow']['decode']>;

const notFinite = (): FlowlineError =>
  new FlowlineError('FLOWLINE_MODEL_CORRUPTED', 'The inverse of the flow is finite for none of the drawn events.', {
    where: 'the model',
    remedy: 'Train the detector again.',
  });
