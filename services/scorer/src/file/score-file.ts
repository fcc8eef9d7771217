import { fileStreams, recordFilePrefix } from '@flowline/db';
import { printableJson } from '@flowline/events';
import { createNdjsonSource, type FilePosition, untilItSucceeds } from '@flowline/stream';

import type { Arguments } from '../arguments.ts';
import { ndjsonInput } from './ndjson-input.ts';
import { updateOutboxGauges, openAlerts } from '../alerts/open-alerts.ts';
import { pollGauges } from '../metrics/poll-gauges.ts';
import { batchBounds, detectorRunParts, partitionIds, partitionWindows, type ProcessParts } from '../process-parts.ts';
import { runDetector } from '../run-detector.ts';
import type { RunTotals } from '../metrics/run-totals.ts';
import { fileDetector } from '../kafka/select-detectors.ts';

/**
 * Scores the lines of a file, or of standard input, for one detector and prints the totals.
 * Resolves to the exit code.
 */
export async function scoreFile(parts: ProcessParts, args: Arguments & { readonly path: string }): Promise<number> {
  const { db, settings, logger, metrics, shutdown } = parts;
  const definition = await fileDetector(db, args.detectors);
  const { name: detector } = definition;
  const { topic, input } = await ndjsonInput(args.path, (start) => fileStreams(db, detector, start));
  const notePosition = (position: FilePosition): Promise<void> =>
    untilItSucceeds(() => recordFilePrefix(db, { detector, topic }, position), {
      onRetry: ({ error, failures, delayMs }) =>
        logger.warn({ detector, err: error, failures, delayMs }, 'waiting: a position cannot be stored'),
    });
  const source = createNdjsonSource({
    ...{ topic, input, maxLineBytes: settings.eventMaxBytes, onPosition: notePosition },
    ...batchBounds(settings, args.batchSize),
    onUnfinished: (line) =>
      logger.warn(
        { detector, file: args.path, line: line + 1 },
        'the last line is incomplete and has no line break: it is left until the file is scored again',
      ),
  });
  const alerts = openAlerts(parts, args.alerts, () => ({ detectors: [detector], topics: [topic] }));
  if (alerts !== null) shutdown.defer('alerts', () => alerts.close());
  void pollGauges(() => [updateOutboxGauges(db, metrics, args.alerts)], logger, shutdown.signal);

  const windows = partitionWindows(parts, detector);
  const ids = partitionIds(parts, detector);
  const run = runDetector(
    detectorRunParts(parts, definition, { source, windows, ids, alerts: args.alerts, signal: shutdown.signal }),
  );
  shutdown.defer('detectors', async () => {
    await Promise.allSettled([run]);
  });
  const totals = await run;
  if (shutdown.received !== undefined) return shutdown.received.exitCode;
  await alerts?.drain();
  // The output is broken: nobody is there to read the totals.
  if (shutdown.signal.aborted) return 0;
  report(totals, args.json);
  return 0;
}

function report(totals: RunTotals, json: boolean): void {
  const { detector, events, scored, alreadyStored, deadLetters, duplicates, anomalies, seconds, eventsPerSecond } =
    totals;
  const line = json
    ? printableJson(JSON.stringify(totals))
    : `${detector}: ${events} events in ${seconds.toFixed(1)} s (${Math.round(eventsPerSecond)}/s): ${scored} scored, ` +
      `${anomalies} anomalies, ${deadLetters} dead letters, ${alreadyStored} stored before` +
      (duplicates === 0 ? '' : `, ${duplicates} duplicates`);
  // Alerts may be on standard output, so totals for people go to standard error.
  (json ? process.stdout : process.stderr).write(`${line}\n`);
}
