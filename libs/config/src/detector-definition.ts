import type { FeatureSpec, LookupTable } from '@flowline/events';

/** A lookup table: its rows (from a CSV file), or the query that gives them when a model is trained. */
export type LookupSource = { readonly table: LookupTable } | { readonly query: string; readonly key: string };

/** How false alarms are bounded: a rate an event, or a number a day from which the trainer derives the rate. */
export type FalseAlarmControl = { readonly alpha: number } | { readonly falseAlarmsPerDay: number };

/** A detector with every default filled in: plain JSON, as it is stored with a detector version. */
export interface DetectorDefinition {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly source: {
    /** null for a detector that scores files only. */
    readonly kafka: {
      readonly topic: string;
      readonly format: 'json';
      readonly startFrom: 'earliest' | 'latest';
    } | null;
    readonly time: { readonly field: string; readonly unit: 'ms' | 's' | 'us' | 'iso' };
    /** null: an event is named by its topic, partition and offset. */
    readonly eventId: string | null;
  };
  readonly history: {
    readonly query: string;
    readonly timeColumn: string;
    /** Back from the newest row; null for everything. */
    readonly lookbackMs: number | null;
    readonly maxRows: number;
  };
  readonly lookups: Readonly<Record<string, LookupSource>>;
  readonly features: readonly FeatureSpec[];
  readonly model: {
    readonly family: 'realNVP' | 'auto';
    readonly seed: number;
    readonly members: number;
    /** steps: null leaves the number to the recipe. */
    readonly budget: { readonly maxMinutes: number; readonly steps: number | null };
    readonly calibration: { readonly fraction: number };
  };
  readonly training: {
    readonly data: 'unlabelled' | 'clean';
    /** A cron expression; null: trained by hand only. */
    readonly schedule: string | null;
    readonly timezone: string;
  };
  readonly decision: { readonly test: 'density'; readonly control: FalseAlarmControl };
  readonly alerts: { readonly topic: string };
  readonly retention: { readonly scoredMs: number; readonly anomaliesMs: number };
}
