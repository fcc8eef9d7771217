import { at } from '@flowline/events';
import { setTimeout as sleep } from 'node:timers/promises';

import { loadModelVersion, promote } from '@flowline/db';
import { Detector, loadBundle } from '@flowline/detector';
import { errorInTolerances } from '@flowline/engine';
import { createRecordReader } from '@flowline/features';

import { readTopic } from '../../support/checker.ts';
import { applyTestDetector, testDefinition, testEvents } from '../../support/scorer-model.ts';
import type { Scenario } from '../scenario.ts';
import { deliveryOf, type Stream } from '../stream.ts';

const MODELS = 3;
const SWAP_EVERY_MS = 2_000;
const BACKEND = 'wasm';

export const swapChampions: Scenario = {
  id: 'R4',
  name: 'swap-champions',
  title: 'another champion every two seconds under load',
  run: async (stage) => {
    const size = stage.quick ? { events: 6_000, seconds: 14 } : { events: 60_000, seconds: 60 };
    const stream = await stage.open('swaps');
    const { detector, topic, alertTopic, database } = stream.parts;
    const versions = [1];
    for (let seed = 2; seed <= MODELS; seed++) {
      versions.push((await applyTestDetector(database.db, testDefinition(detector, topic, alertTopic), seed)).version);
    }
    const scorers = [0, 1].map(() => stream.start(['--batch-size', '100'], { FLOWLINE_SCORING_BACKEND: BACKEND }));
    await stream.produce(testEvents(200, 40).map((event) => ({ value: JSON.stringify(event) })));
    await stream.untilCaughtUp();
    const messages = testEvents(size.events, 41).map((event) => ({ value: JSON.stringify(event) }));
    const producing = stream.producePaced(messages, size.seconds);
    const endMs = performance.now() + size.seconds * 1_000;
    let swaps = 0;
    while (performance.now() < endMs) {
      await promote(database.db, detector, at(versions, swaps++ % versions.length));
      await sleep(SWAP_EVERY_MS);
    }
    await producing;
    await stream.untilCaughtUp();
    await Promise.all(scorers.map((scorer) => stream.stop(scorer)));

    const same = await rescore(stream, BACKEND);
    const reference = await rescore(stream, 'reference');
    return {
      ...deliveryOf(await stream.check()),
      recoverySeconds: null,
      claims: {
        'several models scored': same.models >= 2,
        'every row was compared': same.rows === size.events + 200 && reference.rows === same.rows,
        'offline the named model gives the same score, bit for bit': same.different === 0,
        'the float64 reference agrees within the tolerance': reference.worst <= 1,
      },
      counts: { swaps, models: same.models, different: same.different, worstInTolerances: reference.worst.toFixed(3) },
    };
  },
};

/**
 * Scores the topic again, each record with the model version in its row, and compares the scores.
 */
async function rescore(
  stream: Stream,
  backend: 'wasm' | 'reference',
): Promise<{ readonly rows: number; readonly models: number; readonly different: number; readonly worst: number }> {
  const { brokers, topic, detector, database } = stream.parts;
  const stored = new Map<string, { readonly version: number; readonly score: number }>();
  const rows = await stream.query(
    'SELECT partition, "offset", model_version AS version, log_density_nats AS score FROM flowline.scored_events',
  );
  for (const { partition, offset, version, score } of rows) {
    stored.set(`${String(partition)}:${String(offset)}`, { version: Number(version), score: Number(score) });
  }
  const byVersion = new Map<number, { readonly record: unknown; readonly score: number }[]>();
  for (const { partition, offset, value } of await readTopic(brokers, topic)) {
    const row = stored.get(`${partition}:${offset}`);
    if (row === undefined) continue;
    const list = byVersion.get(row.version) ?? [];
    list.push({ record: JSON.parse(value ?? 'null') as unknown, score: row.score });
    byVersion.set(row.version, list);
  }
  let compared = 0;
  let different = 0;
  let worst = 0;
  for (const [version, records] of byVersion) {
    const { bytes, sha256 } = await loadModelVersion(database.db, detector, version);
    const bundle = loadBundle(bytes, sha256);
    const model = await Detector.create(bundle, { alpha: 0.001, backend });
    const { table } = createRecordReader(bundle.schema, bundle.lookups).read(records.map(({ record }) => record));
    const { logDensityNats } = await model.score(table);
    model.dispose();
    for (const [i, { score }] of records.entries()) {
      const again = at(logDensityNats, i);
      compared++;
      if (!Object.is(score, again)) different++;
      worst = Math.max(worst, errorInTolerances(score, again));
    }
  }
  return { rows: compared, models: byVersion.size, different, worst };
}
