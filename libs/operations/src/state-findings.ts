import { type DetectorDefinition, isTimezone, modelChanges, readSchedule, TOPIC_SINK } from '@flowline/config';
import type { ChampionIntervals, InForce, ModelAliases, StateReason } from '@flowline/db';

import { unwatchedAbsence } from './alert-rules.ts';

/** State of a detector, from which the findings follow. */
export interface KnownState {
  readonly definition: DetectorDefinition;
  readonly version: number;
  readonly paused: boolean;
  readonly aliases: ModelAliases;
  readonly inForce: InForce | null;
  /** Newest model, with the definition that it was trained for; null if there is none. */
  readonly newest: { readonly version: number; readonly trainedFor: DetectorDefinition } | null;
  /** Error of the last training; null if it did not fail. */
  readonly trainingError: StateReason | null;
  /** Names of the sinks in force. */
  readonly sinks: readonly string[];
  /** Intervals of the champion; null if there is none. */
  readonly intervals: ChampionIntervals | null;
}

/** Silence after which no scorer is assumed to run. A scorer reports every ten seconds. */
const SILENT_SECONDS = 30;

/**
 * Reasons why the definition in force or the newest model is not in use, most important first;
 * empty if both are.
 */
export function stateFindings(known: KnownState): StateReason[] {
  return [
    ...modelFindings(known),
    ...definitionFindings(known),
    ...(known.definition.source.kafka === null || known.paused ? [] : scorerFindings(known)),
    ...scheduleFindings(known.definition),
    ...sinkFindings(known),
    ...absenceFindings(known),
  ];
}

function modelFindings({ definition, aliases, inForce, newest, trainingError }: KnownState): StateReason[] {
  const { name } = definition;
  const findings: StateReason[] = [];
  const { champion } = aliases;
  const isHeld = newest !== null && newest.version !== champion;
  if (champion === null && !isHeld) {
    const remedy = `Train it: \`flowline train ${name}\`.`;
    findings.push({ code: 'FLOWLINE_MODEL_MISSING', reason: 'no model yet: nothing can be scored', remedy });
  }
  if (isHeld) {
    const said = inForce?.heldVersion === newest.version ? inForce : null;
    const nothing = champion === null ? '; nothing can be scored' : '';
    findings.push({
      code: said?.heldCode ?? 'FLOWLINE_MODEL_HELD',
      reason: `model version ${newest.version} is held back: ${said?.heldReason ?? 'it was not promoted'}${nothing}`,
      remedy: said?.heldRemedy ?? `Put it in force with \`flowline models promote ${name} ${newest.version}\`.`,
    });
  }
  if (trainingError !== null) {
    findings.push({ ...trainingError, reason: `the last training failed: ${trainingError.reason}` });
  }
  return findings;
}

function definitionFindings({ definition, version, inForce, newest }: KnownState): StateReason[] {
  const { name, training } = definition;
  const findings: StateReason[] = [];
  const changes = newest === null ? [] : modelChanges(newest.trainedFor, definition);
  if (changes.length > 0) {
    const remedy =
      training.schedule === null
        ? `Train it: \`flowline train ${name}\`.`
        : `A running trainer trains it soon; \`flowline train ${name}\` trains it at once.`;
    const reason = `${changes.join(', ')} of version ${version} take effect with the next model`;
    findings.push({ code: 'FLOWLINE_MODEL_OUTDATED', reason, remedy });
  }
  if (inForce?.alphaNote != null && inForce.detectorVersion === version) {
    const remedy = `Correct decision.control, or train again: \`flowline train ${name}\`.`;
    findings.push({
      code: 'FLOWLINE_MODEL_OUTDATED',
      reason: `alpha is the model's own: ${inForce.alphaNote}`,
      remedy,
    });
  }
  return findings;
}

function scorerFindings({ version, aliases, inForce }: KnownState): StateReason[] {
  const seen = inForce?.seenSecondsAgo ?? null;
  if (inForce === null || seen === null || seen > SILENT_SECONDS) {
    const since = seen === null ? '' : ` for ${Math.round(seen)} s`;
    const reason = `no scorer has reported${since} that it scores the detector`;
    return [{ code: 'FLOWLINE_SCORER_SILENT', reason, remedy: 'Start one: `flowline serve scorer`.' }];
  }
  const { faultCode, faultReason, faultRemedy } = inForce;
  if (faultCode !== null) return [{ code: faultCode, reason: faultReason ?? '', remedy: faultRemedy ?? '' }];
  const remedy = 'It should within seconds; otherwise see the log of the scorer.';
  if (inForce.detectorVersion !== version) {
    const reason = `no scorer follows version ${version} of the definition yet (${inForce.detectorVersion ?? 'none'})`;
    return [{ code: 'FLOWLINE_SCORER_SILENT', reason, remedy }];
  }
  if (aliases.champion !== null && inForce.modelVersion !== aliases.champion) {
    const reason = `no scorer has taken over model version ${aliases.champion} yet (${inForce.modelVersion ?? 'none'})`;
    return [{ code: 'FLOWLINE_SCORER_SILENT', reason, remedy }];
  }
  return [];
}

/** Reports an invalid schedule that was stored before such schedules were refused. */
function scheduleFindings({ training: { schedule, timezone } }: DetectorDefinition): StateReason[] {
  const invalid = (reason: string, remedy: string): StateReason => ({
    code: 'FLOWLINE_CONFIG_INVALID',
    reason,
    remedy: `In the detector's file ${remedy}; then apply it again.`,
  });
  if (schedule === null) return [];
  const read = readSchedule(schedule);
  if (read.schedule === null) {
    return [invalid(`the schedule "${schedule}" never runs: ${read.finding}`, read.remedy)];
  }
  if (isTimezone(timezone)) return [];
  return [
    invalid(`the schedule never runs: "${timezone}" is not a time zone`, 'name an IANA zone such as Europe/Paris'),
  ];
}

/** Reports sinks that the detector names and that are not there: its messages to them wait. */
function sinkFindings({ definition: { alerts }, sinks }: KnownState): StateReason[] {
  return alerts.sinks
    .filter((name) => name !== TOPIC_SINK && !sinks.includes(name))
    .map((name) => ({
      code: 'FLOWLINE_RESOURCE_MISSING',
      reason: `there is no sink ${name}: the messages to it wait`,
      remedy: 'Apply its file with `flowline apply <file>`, or take its name out of `alerts.sinks`.',
    }));
}

/** Reports that the intervals at which events are expected are still to be learned. */
function absenceFindings({ definition: { name, alerts }, intervals }: KnownState): StateReason[] {
  const why = unwatchedAbsence(alerts, intervals);
  if (why === null) return [];
  return [
    {
      code: 'FLOWLINE_MODEL_OUTDATED',
      reason: `no absence is watched (\`expectEvery: auto\`): ${why}`,
      remedy: `Train it (\`flowline train ${name}\`) once its history allows it, or give \`alerts.absence.expectEvery\` a duration.`,
    },
  ];
}
