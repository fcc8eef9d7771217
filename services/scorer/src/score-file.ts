import { createNdjsonSource } from '@flowline/stream';

import type { Arguments } from './arguments.ts';
import { ndjsonInput } from './ndjson-input.ts';
import { measureOutbox, openAlerts } from './open-alerts.ts';
import { pollGauges } from './poll-gauges.ts';
import { batchBounds, detectorRun, partitionWindows, type ProcessParts } from './process-parts.ts';
import { runDetector } from './run-detector.ts';
import type { RunTotals } from './run-totals.ts';
import { fileDetector } from './select-detectors.ts';

/** Scores the lines of a file, or of standard input, for one detector and prints what came of it; resolves to the exit code. */
export async function scoreFile(parts: ProcessParts, args: Arguments & { readonly path: string }): Promise<number> {
  const { db, settings, logger, metrics, shutdown } = parts;
  const definition = await fileDetector(db, args.detectors);
  const input = await ndjsonInput(args.path);
  const options = { ...input, ...batchBounds(settings, args.batchSize), maxLineBytes: settings.eventMaxBytes };
  const source = createNdjsonSource(options);
  const alerts = openAlerts(parts, args.alerts, () => ({ detectors: [definition.name], topics: [input.name] }));
  if (alerts !== null) shutdown.defer('alerts', () => alerts.close());
  void pollGauges(() => [measureOutbox(db, metrics, args.alerts)], logger, shutdown.signal);

  const windows = partitionWindows(parts, definition.name);
  const run = runDetector(
    detectorRun(parts, definition, { source, windows, alerts: args.alerts, signal: shutdown.signal }),
  );
  shutdown.defer('detectors', async () => {
    await Promise.allSettled([run]);
  });
  const totals = await run;
  if (shutdown.received !== undefined) return shutdown.received.exitCode;
  await alerts?.drain();
  report(totals, args.json);
  return 0;
}

function report(totals: RunTotals, json: boolean): void {
  const { detector, events, scored, alreadyStored, deadLetters, anomalies, seconds, eventsPerSecond } = totals;
  const line = json
    ? JSON.stringify(totals)
    : `${detector}: ${events} events in ${seconds.toFixed(1)} s (${Math.round(eventsPerSecond)}/s): ${scored} scored, ` +
      `${anomalies} anomalies, ${deadLetters} dead letters, ${alreadyStored} stored before`;
  // Alerts may be on standard output: totals for people go beside them.
  (json ? process.stdout : process.stderr).write(`${line}\n`);
}
