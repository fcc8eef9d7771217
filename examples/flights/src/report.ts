import { textBar, textSparkline } from '@flowline/charts/text';

import { faultKinds } from './faults.ts';
import { kindsOfFaults, recallOf, type SurprisingEvent } from './measure.ts';
import type { DemoResult } from './run-demo.ts';

/** Result of `npm run demo -- --json`. */
export function demoJson(result: DemoResult): object {
  const { events, eventsPerSecond, alerts, falseAlarmRate, trainSeconds, seconds, backend } = result;
  const recall = Object.fromEntries(kindsOfFaults.map((kind) => [kind, recallOf(result.faults[kind])]));
  return { events, eventsPerSecond, alerts, falseAlarmRate, recall, trainSeconds, seconds, backend };
}

/** Report for a person at the end of the demo. */
export function demoReport(result: DemoResult, hasCharts = false): string {
  const { falseAlarmRate, falseAlarms, cleanEvents } = result;
  const recall = kindsOfFaults.map((kind) => {
    const { injected, caught } = result.faults[kind];
    const share = `${(100 * recallOf(result.faults[kind])).toFixed(1)} %`;
    const bar = hasCharts ? `  ${textBar(recallOf(result.faults[kind]), 1).padEnd(10)}` : '';
    return `    ${faultKinds[kind].padEnd(20)} ${share.padStart(7)}${bar}   ${caught} of ${injected}`;
  });
  return [
    '',
    `${formatCount(result.events)} flights scored in one pass, ${formatCount(result.eventsPerSecond)} a second (decode, features, log p, p-value, explain, store)`,
    `${formatCount(result.alerts)} alerts`,
    ...(hasCharts ? charts(result) : []),
    '',
    `  false alarms   expected ${perThousand(falseAlarmRate.expected)}, measured ${perThousand(falseAlarmRate.measured)}   ${falseAlarms} of ${formatCount(cleanEvents)} flights without a fault`,
    '  faults caught',
    ...recall,
    '',
    'The most surprising, and what was expected:',
    ...result.top.map((event) => line(event, hasCharts)),
    '',
    ...drift(falseAlarmRate.measured / falseAlarmRate.expected),
    `Trained in ${result.trainSeconds} s${result.backend === null ? '' : `; scored by ${result.backend}`}; ${result.seconds} s in all.`,
    '',
    ...nextSteps(result),
  ].join('\n');
}

/** Training curve and alarms by day. */
function charts({ losses, alarmDays }: DemoResult): string[] {
  const [first, least] = [losses.at(0) ?? NaN, Math.min(...losses)];
  return [
    ...(losses.length > 1
      ? [`  training    ${textSparkline(losses)} validation ${first.toFixed(2)} → ${least.toFixed(2)} nats`]
      : []),
    ...(alarmDays.length > 1
      ? [`  alerts/day  ${textSparkline(alarmDays, { low: 0 })} at most ${formatCount(Math.max(...alarmDays))}`]
      : []),
  ];
}

/** Bits of a bar of the full width: p-values below it are all the same to the eye. */
const MOST_BITS = 40;

function line({ event, summary, surpriseBits }: SurprisingEvent, hasCharts: boolean): string {
  const bar = hasCharts ? `${textBar(surpriseBits, MOST_BITS, 5).padEnd(5)} ` : '';
  const label = event.injected === null ? 'a real flight' : `injected: ${faultKinds[event.injected]}`;
  const when = `${new Date(event.timeMs).toISOString().slice(0, 16).replace('T', ' ')}Z`;
  return `  ${bar}${when} ${event.origin}→${event.destination}  ${summary}  [${label}]`;
}

/**
 * The false-alarm rate is promised for flights like those of the calibration set; these are up to
 * ten weeks later.
 */
function drift(ratio: number): string[] {
  if (ratio < 1.2 && ratio > 0.8) return [];
  return [
    'The rate is promised for flights like those calibrated on. These are up to ten weeks later, with other weather:',
    `${significant(ratio, 2)} times as many alarmed. Trained every night, the model follows.`,
    '',
  ];
}

function nextSteps({ kept, eventsFile }: DemoResult): string[] {
  if (kept === null) {
    return [
      'Next:',
      '  npm run demo -- --serve        # the same in the dashboard, in your browser, with faults arriving',
      '  npm run demo -- --keep         # the same, and leave its Postgres running for the commands below',
      '  npx flowline --help            # every command',
      '  less examples/flights/detector.yaml; less docs/guides/first-detector.md   # then a detector of your own',
    ];
  }
  return [
    'Postgres is still running. Next:',
    `  export FLOWLINE_DATABASE_URL=${kept.url}`,
    '  npx flowline anomalies --order surprise --limit 10',
    '  npx flowline models ls',
    '  npx flowline doctor',
    ...(eventsFile === null ? [] : [`  npx flowline score ${eventsFile} --detector flights | head`]),
    `  psql ${kept.url} -c 'select event_time, surprise_bits, summary from flowline.v1_anomalies order by p_value limit 10'`,
    `  ${kept.stopCommand}   # stops it`,
  ];
}

const perThousand = (rate: number): string => `${significant(rate * 1000, 3)} in 1,000`;
const significant = (value: number, digits: number): string => String(Number(value.toPrecision(digits)));
const formatCount = (count: number): string => Math.round(count).toLocaleString('en-US');
