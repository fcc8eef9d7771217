// Written by `npm run reference` from the table of routes of services/api.

/** Requests and responses of the API, by route. */
export interface Api {
  'GET /v1/detectors': {
    readonly params: undefined;
    readonly query: { readonly limit?: number; readonly cursor?: string };
    readonly body: undefined;
    readonly reply: {
      readonly items: readonly {
        readonly name: string;
        readonly version: number;
        readonly state: 'active' | 'paused';
        readonly appliedAt: string;
      }[];
      readonly next: string | null;
    };
  };
  'GET /v1/detectors/{detector}': {
    readonly params: { readonly detector: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: {
      readonly name: string;
      readonly version: number;
      readonly state: 'active' | 'paused';
      readonly appliedAt: string;
      readonly definition: Readonly<Record<string, unknown>>;
    };
  };
  'PUT /v1/detectors/{detector}': {
    readonly params: { readonly detector: string };
    readonly query: undefined;
    readonly body: string;
    readonly reply: {
      readonly detector: string;
      readonly version: number;
      readonly changed: boolean;
      readonly nextModel: readonly string[];
    };
  };
  'GET /v1/detectors/{detector}/document': {
    readonly params: { readonly detector: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: { readonly detector: string; readonly version: number; readonly text: string };
  };
  'POST /v1/detectors/{detector}/diff': {
    readonly params: { readonly detector: string };
    readonly query: undefined;
    readonly body: string;
    readonly reply: {
      readonly detector: string;
      readonly isNew: boolean;
      readonly changes: readonly { readonly path: string; readonly from: unknown; readonly to: unknown }[];
      readonly nextModel: readonly string[];
    };
  };
  'POST /v1/detectors/{detector}/validate': {
    readonly params: { readonly detector: string };
    readonly query: undefined;
    readonly body: string;
    readonly reply: { readonly valid: true; readonly detector: string; readonly features: readonly string[] };
  };
  'POST /v1/detectors/{detector}/pause': {
    readonly params: { readonly detector: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: { readonly detector: string; readonly state: 'active' | 'paused'; readonly changed: boolean };
  };
  'POST /v1/detectors/{detector}/resume': {
    readonly params: { readonly detector: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: { readonly detector: string; readonly state: 'active' | 'paused'; readonly changed: boolean };
  };
  'GET /v1/detectors/{detector}/status': {
    readonly params: { readonly detector: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: {
      readonly detector: string;
      readonly state: 'scoring' | 'waiting' | 'paused';
      readonly findings: readonly { readonly code: string; readonly reason: string; readonly remedy: string }[];
      readonly drift: {
        readonly state: 'unchecked' | 'steady' | 'drifted';
        readonly day: string | null;
        readonly since: string | null;
        readonly moved: readonly { readonly feature: string; readonly change: string }[];
        readonly remedy: string | null;
      };
    };
  };
  'POST /v1/detectors/{detector}/preview': {
    readonly params: { readonly detector: string };
    readonly query: undefined;
    readonly body: string;
    readonly reply: {
      readonly detector: string;
      readonly nextModel: readonly string[];
      readonly range: { readonly from: string; readonly to: string; readonly events: number } | null;
      readonly unknown: string | null;
      readonly before: {
        readonly alpha: number;
        readonly alphaNote: string | null;
        readonly anomalies: number;
        readonly suppressed: number;
        readonly alerts: number;
        readonly storms: number;
        readonly pages: number;
        readonly messages: number;
      } | null;
      readonly after: {
        readonly alpha: number;
        readonly alphaNote: string | null;
        readonly anomalies: number;
        readonly suppressed: number;
        readonly alerts: number;
        readonly storms: number;
        readonly pages: number;
        readonly messages: number;
      } | null;
      readonly isPartial: boolean;
      readonly more: boolean;
    };
  };
  'GET /v1/detectors/{detector}/versions': {
    readonly params: { readonly detector: string };
    readonly query: { readonly limit?: number; readonly cursor?: string };
    readonly body: undefined;
    readonly reply: {
      readonly items: readonly { readonly version: number; readonly appliedAt: string }[];
      readonly next: string | null;
    };
  };
  'GET /v1/detectors/{detector}/versions/{version}/changes': {
    readonly params: { readonly detector: string; readonly version: number };
    readonly query: { readonly from?: number };
    readonly body: undefined;
    readonly reply: {
      readonly detector: string;
      readonly from: number;
      readonly to: number;
      readonly changes: readonly { readonly path: string; readonly from: unknown; readonly to: unknown }[];
    };
  };
  'GET /v1/overview': {
    readonly params: undefined;
    readonly query: { readonly limit?: number; readonly cursor?: string };
    readonly body: undefined;
    readonly reply: {
      readonly items: readonly {
        readonly detector: string;
        readonly state: 'scoring' | 'waiting' | 'paused';
        readonly findings: readonly { readonly code: string; readonly reason: string; readonly remedy: string }[];
        readonly definitionVersion: number;
        readonly champion: number | null;
        readonly modelTrainedAt: string | null;
        readonly scorerSeenAt: string | null;
        readonly scored: number;
        readonly lag: number | null;
        readonly openAlerts: Readonly<Record<string, number>>;
        readonly days: readonly {
          readonly day: string;
          readonly events: number;
          readonly expected: number;
          readonly measured: number;
        }[];
      }[];
      readonly next: string | null;
    };
  };
  'GET /v1/detectors/{detector}/pipeline': {
    readonly params: { readonly detector: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: {
      readonly detector: string;
      readonly partitions: readonly {
        readonly topic: string;
        readonly partition: number;
        readonly nextOffset: number | null;
        readonly recordTime: string | null;
        readonly storedAt: string | null;
        readonly end: number | null;
        readonly records: number | null;
        readonly seconds: number | null;
      }[];
      readonly endsUnknown: string | null;
      readonly days: readonly {
        readonly day: string;
        readonly scored: number;
        readonly anomalies: number;
        readonly suppressed: number;
        readonly duplicates: number;
        readonly deadLetters: number;
        readonly sent: number;
      }[];
      readonly sinks: readonly {
        readonly sink: string;
        readonly waiting: number;
        readonly oldestAt: string | null;
        readonly failingSince: string | null;
        readonly error: string | null;
        readonly lastSentAt: string | null;
        readonly sentLastDay: number;
        readonly dead: number;
      }[];
      readonly backlog: number;
      readonly unexplained: number;
    };
  };
  'GET /v1/detectors/{detector}/drift': {
    readonly params: { readonly detector: string };
    readonly query: { readonly limit?: number; readonly cursor?: string };
    readonly body: undefined;
    readonly reply: {
      readonly items: readonly {
        readonly detector: string;
        readonly modelVersion: number;
        readonly day: string;
        readonly events: number;
        readonly compared: number;
        readonly referenceDays: number;
        readonly evidence: number;
        readonly drifted: boolean;
        readonly checkedAt: string;
        readonly features: readonly {
          readonly feature: string;
          readonly pit: 'conditional' | 'marginal';
          readonly drifted: boolean;
          readonly change: 'higher' | 'lower' | 'missing more often' | 'missing less often' | 'spread otherwise' | null;
          readonly evidence: number;
          readonly distance: number;
          readonly compared: number;
          readonly meanPit: number | null;
          readonly missingShare: number;
        }[];
      }[];
      readonly next: string | null;
    };
  };
  'POST /v1/detectors/{detector}/score': {
    readonly params: { readonly detector: string };
    readonly query: undefined;
    readonly body: { readonly events: readonly Readonly<Record<string, unknown>>[] };
    readonly reply: {
      readonly detector: string;
      readonly modelVersion: number;
      readonly alpha: number;
      readonly backend: string;
      readonly results: readonly (
        | {
            readonly row: number;
            readonly time: string | null;
            readonly id: string | null;
            readonly entity: string | null;
            readonly logDensityNats: number | null;
            readonly pValue: number;
            readonly surpriseBits: number;
            readonly anomaly: boolean;
          }
        | {
            readonly row: number;
            readonly time: string | null;
            readonly id: string | null;
            readonly entity: string | null;
            readonly error: { readonly reason: string; readonly message: string };
          }
      )[];
    };
  };
  'POST /v1/detectors/{detector}/explain': {
    readonly params: { readonly detector: string };
    readonly query: undefined;
    readonly body: { readonly events: readonly Readonly<Record<string, unknown>>[] };
    readonly reply: {
      readonly detector: string;
      readonly modelVersion: number;
      readonly alpha: number;
      readonly backend: string;
      readonly results: readonly (
        | {
            readonly row: number;
            readonly time: string | null;
            readonly id: string | null;
            readonly entity: string | null;
            readonly logDensityNats: number | null;
            readonly pValue: number;
            readonly surpriseBits: number;
            readonly anomaly: boolean;
            readonly summary: string;
            readonly observed: Readonly<Record<string, number | string | null>>;
            readonly explanation: {
              readonly summary: string;
              readonly expected: Readonly<
                Record<
                  string,
                  {
                    readonly median: number;
                    readonly p05: number;
                    readonly p95: number;
                    readonly ranges?: readonly { readonly low: number; readonly high: number }[];
                  }
                >
              >;
              readonly contributions: readonly {
                readonly feature: string;
                readonly bits: number;
                readonly direction: string;
              }[];
              readonly nearestNormal: Readonly<Record<string, number | string | null>> | null;
            };
          }
        | {
            readonly row: number;
            readonly time: string | null;
            readonly id: string | null;
            readonly entity: string | null;
            readonly error: { readonly reason: string; readonly message: string };
          }
      )[];
    };
  };
  'POST /v1/detectors/{detector}/sample': {
    readonly params: { readonly detector: string };
    readonly query: undefined;
    readonly body: {
      readonly count?: number;
      readonly seed?: number;
      readonly context?: Readonly<Record<string, unknown>>;
      readonly modelVersion?: number;
    };
    readonly reply: {
      readonly detector: string;
      readonly modelVersion: number;
      readonly backend: string;
      readonly seed: number;
      readonly drawnContext: readonly string[];
      readonly samples: readonly {
        readonly values: Readonly<Record<string, number | string | null>>;
        readonly logDensityNats: number | null;
        readonly pValue: number;
      }[];
    };
  };
  'POST /v1/detectors/{detector}/conditional': {
    readonly params: { readonly detector: string };
    readonly query: undefined;
    readonly body: {
      readonly record?: Readonly<Record<string, unknown>>;
      readonly values?: Readonly<Record<string, unknown>>;
      readonly feature: string;
      readonly points?: number;
      readonly from?: number;
      readonly to?: number;
      readonly levels?: number;
      readonly modelVersion?: number;
    };
    readonly reply:
      | {
          readonly detector: string;
          readonly modelVersion: number;
          readonly backend: string;
          readonly kind: 'number';
          readonly feature: string;
          readonly observed: number | null;
          readonly expected: {
            readonly median: number;
            readonly p05: number;
            readonly p95: number;
            readonly ranges?: readonly { readonly low: number; readonly high: number }[];
          };
          readonly below: number | null;
          readonly bits: number | null;
          readonly direction: 'high' | 'low' | 'unlikely' | null;
          readonly grid: readonly { readonly value: number; readonly density: number }[];
          readonly gridMass: number;
        }
      | {
          readonly detector: string;
          readonly modelVersion: number;
          readonly backend: string;
          readonly kind: 'level';
          readonly feature: string;
          readonly observed: string | null;
          readonly levels: readonly {
            readonly level: string | null;
            readonly probability: number;
            readonly prior: number;
          }[];
          readonly rest: number;
        };
  };
  'POST /v1/detectors/{detector}/what-if': {
    readonly params: { readonly detector: string };
    readonly query: undefined;
    readonly body: {
      readonly record?: Readonly<Record<string, unknown>>;
      readonly values?: Readonly<Record<string, unknown>>;
      readonly changes: readonly Readonly<Record<string, unknown>>[];
      readonly contributions?: boolean;
      readonly modelVersion?: number;
    };
    readonly reply: {
      readonly detector: string;
      readonly modelVersion: number;
      readonly backend: string;
      readonly alpha: number;
      readonly base: {
        readonly logDensityNats: number | null;
        readonly pValue: number;
        readonly surpriseBits: number;
        readonly anomaly: boolean;
        readonly summary?: string;
        readonly contributions?: readonly {
          readonly feature: string;
          readonly bits: number;
          readonly direction: 'high' | 'low' | 'unlikely';
        }[];
        readonly observed: Readonly<Record<string, number | string | null>>;
      };
      readonly results: readonly (
        | {
            readonly row: number;
            readonly logDensityNats: number | null;
            readonly pValue: number;
            readonly surpriseBits: number;
            readonly anomaly: boolean;
            readonly summary?: string;
            readonly contributions?: readonly {
              readonly feature: string;
              readonly bits: number;
              readonly direction: 'high' | 'low' | 'unlikely';
            }[];
            readonly difference: { readonly logDensityNats: number | null; readonly surpriseBits: number };
          }
        | { readonly row: number; readonly error: { readonly reason: string; readonly message: string } }
      )[];
    };
  };
  'GET /v1/detectors/{detector}/models': {
    readonly params: { readonly detector: string };
    readonly query: { readonly limit?: number; readonly cursor?: string };
    readonly body: undefined;
    readonly reply: {
      readonly items: readonly {
        readonly detector: string;
        readonly version: number;
        readonly detectorVersion: number;
        readonly aliases: readonly ('champion' | 'challenger' | 'previous')[];
        readonly alpha: number;
        readonly sha256: string;
        readonly bytes: number;
        readonly createdAt: string;
      }[];
      readonly next: string | null;
    };
  };
  'GET /v1/detectors/{detector}/models/{version}': {
    readonly params: { readonly detector: string; readonly version: number };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: {
      readonly detector: string;
      readonly version: number;
      readonly detectorVersion: number;
      readonly aliases: readonly ('champion' | 'challenger' | 'previous')[];
      readonly alpha: number;
      readonly sha256: string;
      readonly bytes: number;
      readonly createdAt: string;
      readonly manifest: Readonly<Record<string, unknown>>;
    };
  };
  'GET /v1/detectors/{detector}/models/{version}/candidates': {
    readonly params: { readonly detector: string; readonly version: number };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: {
      readonly items: readonly {
        readonly detector: string;
        readonly modelVersion: number;
        readonly place: number;
        readonly candidate: string;
        readonly family: string;
        readonly partition: string | null;
        readonly layers: number | null;
        readonly parameters: number;
        readonly steps: number;
        readonly heldOutRows: number;
        readonly heldOutNllNats: number | null;
        readonly heldOutStandardError: number | null;
        readonly gainNats: number | null;
        readonly gainStandardError: number | null;
        readonly seconds: number | null;
        readonly chosen: boolean;
        readonly reason: string;
      }[];
    };
  };
  'POST /v1/detectors/{detector}/models/{version}/promote': {
    readonly params: { readonly detector: string; readonly version: number };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: { readonly detector: string; readonly champion: number; readonly replaced: number | null };
  };
  'POST /v1/detectors/{detector}/rollback': {
    readonly params: { readonly detector: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: { readonly detector: string; readonly champion: number; readonly replaced: number | null };
  };
  'GET /v1/detectors/{detector}/models/{version}/browser': {
    readonly params: { readonly detector: string; readonly version: number };
    readonly query: { readonly sha256?: string };
    readonly body: undefined;
    readonly reply: string;
  };
  'GET /v1/detectors/{detector}/models/{version}/fit': {
    readonly params: { readonly detector: string; readonly version: number };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: {
      readonly detector: string;
      readonly modelVersion: number;
      readonly events: number;
      readonly drawn: number;
      readonly compared: number;
      readonly features: readonly {
        readonly feature: string;
        readonly edges: readonly number[] | null;
        readonly levels: readonly string[];
        readonly events: readonly number[];
        readonly drawn: readonly number[];
        readonly missing: { readonly events: number; readonly drawn: number };
        readonly distance: number;
        readonly pits: readonly number[] | null;
      }[];
      readonly calibration: readonly { readonly expected: number; readonly measured: number }[];
    };
  };
  'POST /v1/detectors/{detector}/training-runs': {
    readonly params: { readonly detector: string };
    readonly query: undefined;
    readonly body: { readonly promotion?: 'auto' | 'always' | 'never' | null } | undefined;
    readonly reply: {
      readonly runId: number;
      readonly detector: string;
      readonly detectorVersion: number;
      readonly kind: 'training' | 'recalibration';
      readonly scheduledFor: string | null;
      readonly requestedAt: string | null;
      readonly requestedBy: string | null;
      readonly promotion: 'auto' | 'always' | 'never' | null;
      readonly attempt: number;
      readonly status: 'requested' | 'running' | 'succeeded' | 'failed' | 'abandoned' | 'cancelled';
      readonly note: string | null;
      readonly phase: string;
      readonly progress: {
        readonly stage: string;
        readonly share: number;
        readonly step: number | null;
        readonly steps: number | null;
      } | null;
      readonly startedAt: string | null;
      readonly finishedAt: string | null;
      readonly phases: readonly { readonly phase: string; readonly seconds: number }[];
      readonly modelVersion: number | null;
      readonly promoted: boolean | null;
      readonly cancelRequestedAt: string | null;
      readonly cancelledBy: string | null;
      readonly error: Readonly<Record<string, unknown>> | null;
      readonly retryAt: string | null;
    };
  };
  'GET /v1/training-runs': {
    readonly params: undefined;
    readonly query: { readonly detector?: string; readonly limit?: number; readonly cursor?: string };
    readonly body: undefined;
    readonly reply: {
      readonly items: readonly {
        readonly runId: number;
        readonly detector: string;
        readonly detectorVersion: number;
        readonly kind: 'training' | 'recalibration';
        readonly scheduledFor: string | null;
        readonly requestedAt: string | null;
        readonly requestedBy: string | null;
        readonly promotion: 'auto' | 'always' | 'never' | null;
        readonly attempt: number;
        readonly status: 'requested' | 'running' | 'succeeded' | 'failed' | 'abandoned' | 'cancelled';
        readonly note: string | null;
        readonly phase: string;
        readonly progress: {
          readonly stage: string;
          readonly share: number;
          readonly step: number | null;
          readonly steps: number | null;
        } | null;
        readonly startedAt: string | null;
        readonly finishedAt: string | null;
        readonly phases: readonly { readonly phase: string; readonly seconds: number }[];
        readonly modelVersion: number | null;
        readonly promoted: boolean | null;
        readonly cancelRequestedAt: string | null;
        readonly cancelledBy: string | null;
        readonly error: Readonly<Record<string, unknown>> | null;
        readonly retryAt: string | null;
      }[];
      readonly next: string | null;
    };
  };
  'GET /v1/training-runs/{runId}': {
    readonly params: { readonly runId: number };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: {
      readonly runId: number;
      readonly detector: string;
      readonly detectorVersion: number;
      readonly kind: 'training' | 'recalibration';
      readonly scheduledFor: string | null;
      readonly requestedAt: string | null;
      readonly requestedBy: string | null;
      readonly promotion: 'auto' | 'always' | 'never' | null;
      readonly attempt: number;
      readonly status: 'requested' | 'running' | 'succeeded' | 'failed' | 'abandoned' | 'cancelled';
      readonly note: string | null;
      readonly phase: string;
      readonly progress: {
        readonly stage: string;
        readonly share: number;
        readonly step: number | null;
        readonly steps: number | null;
      } | null;
      readonly startedAt: string | null;
      readonly finishedAt: string | null;
      readonly phases: readonly { readonly phase: string; readonly seconds: number }[];
      readonly modelVersion: number | null;
      readonly promoted: boolean | null;
      readonly cancelRequestedAt: string | null;
      readonly cancelledBy: string | null;
      readonly error: Readonly<Record<string, unknown>> | null;
      readonly retryAt: string | null;
      readonly curves: unknown;
      readonly metrics: unknown;
    };
  };
  'POST /v1/training-runs/{runId}/cancel': {
    readonly params: { readonly runId: number };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: {
      readonly runId: number;
      readonly detector: string;
      readonly detectorVersion: number;
      readonly kind: 'training' | 'recalibration';
      readonly scheduledFor: string | null;
      readonly requestedAt: string | null;
      readonly requestedBy: string | null;
      readonly promotion: 'auto' | 'always' | 'never' | null;
      readonly attempt: number;
      readonly status: 'requested' | 'running' | 'succeeded' | 'failed' | 'abandoned' | 'cancelled';
      readonly note: string | null;
      readonly phase: string;
      readonly progress: {
        readonly stage: string;
        readonly share: number;
        readonly step: number | null;
        readonly steps: number | null;
      } | null;
      readonly startedAt: string | null;
      readonly finishedAt: string | null;
      readonly phases: readonly { readonly phase: string; readonly seconds: number }[];
      readonly modelVersion: number | null;
      readonly promoted: boolean | null;
      readonly cancelRequestedAt: string | null;
      readonly cancelledBy: string | null;
      readonly error: Readonly<Record<string, unknown>> | null;
      readonly retryAt: string | null;
    };
  };
  'GET /v1/anomalies': {
    readonly params: undefined;
    readonly query: {
      readonly detector?: string;
      readonly entity?: string;
      readonly feature?: string;
      readonly event?: string;
      readonly alert?: string;
      readonly from?: string;
      readonly to?: string;
      readonly maxPValue?: number;
      readonly order?: 'time' | 'surprise';
      readonly limit?: number;
      readonly cursor?: string;
    };
    readonly body: undefined;
    readonly reply: {
      readonly items: readonly {
        readonly anomalyId: number;
        readonly alertId: string | null;
        readonly detector: string;
        readonly detectorVersion: number;
        readonly modelVersion: number;
        readonly topic: string;
        readonly partition: number;
        readonly offset: number;
        readonly eventId: string;
        readonly eventTime: string;
        readonly entity: string | null;
        readonly scoredAt: string;
        readonly reason: string;
        readonly logDensityNats: number | null;
        readonly pValue: number;
        readonly pMethod: string;
        readonly surpriseBits: number;
        readonly topFeature: string | null;
        readonly summary: string;
        readonly observed: Readonly<Record<string, number | string | null>>;
        readonly expected: Readonly<
          Record<
            string,
            {
              readonly median: number;
              readonly p05: number;
              readonly p95: number;
              readonly ranges?: readonly { readonly low: number; readonly high: number }[];
            }
          >
        >;
        readonly contributions: readonly {
          readonly feature: string;
          readonly bits: number;
          readonly direction: string;
        }[];
        readonly nearestNormal: Readonly<Record<string, number | string | null>> | null;
        readonly explanationFollows: boolean;
        readonly rules: readonly string[];
        readonly suppressedBy: string | null;
      }[];
      readonly next: string | null;
    };
  };
  'GET /v1/anomalies/{anomalyId}': {
    readonly params: { readonly anomalyId: number };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: {
      readonly anomalyId: number;
      readonly alertId: string | null;
      readonly detector: string;
      readonly detectorVersion: number;
      readonly modelVersion: number;
      readonly topic: string;
      readonly partition: number;
      readonly offset: number;
      readonly eventId: string;
      readonly eventTime: string;
      readonly entity: string | null;
      readonly scoredAt: string;
      readonly reason: string;
      readonly logDensityNats: number | null;
      readonly pValue: number;
      readonly pMethod: string;
      readonly surpriseBits: number;
      readonly topFeature: string | null;
      readonly summary: string;
      readonly observed: Readonly<Record<string, number | string | null>>;
      readonly expected: Readonly<
        Record<
          string,
          {
            readonly median: number;
            readonly p05: number;
            readonly p95: number;
            readonly ranges?: readonly { readonly low: number; readonly high: number }[];
          }
        >
      >;
      readonly contributions: readonly {
        readonly feature: string;
        readonly bits: number;
        readonly direction: string;
      }[];
      readonly nearestNormal: Readonly<Record<string, number | string | null>> | null;
      readonly explanationFollows: boolean;
      readonly rules: readonly string[];
      readonly suppressedBy: string | null;
    };
  };
  'GET /v1/anomaly-backlog': {
    readonly params: undefined;
    readonly query: { readonly detector?: string; readonly limit?: number; readonly cursor?: string };
    readonly body: undefined;
    readonly reply: {
      readonly items: readonly {
        readonly backlogId: number;
        readonly detector: string;
        readonly topic: string;
        readonly partition: number;
        readonly anomalies: number;
        readonly since: string;
        readonly attempts: number;
        readonly error: string | null;
        readonly failedAt: string | null;
        readonly setAsideAt: string | null;
        readonly setAsideReason: string | null;
      }[];
      readonly next: string | null;
    };
  };
  'POST /v1/detectors/{detector}/anomaly-backlog/set-aside': {
    readonly params: { readonly detector: string };
    readonly query: undefined;
    readonly body: { readonly ids: readonly number[] };
    readonly reply: { readonly pieces: number; readonly anomalies: number };
  };
  'POST /v1/detectors/{detector}/anomaly-backlog/redrive': {
    readonly params: { readonly detector: string };
    readonly query: undefined;
    readonly body: { readonly ids?: readonly number[] } | undefined;
    readonly reply: { readonly pieces: number; readonly anomalies: number };
  };
  'GET /v1/detectors/{detector}/entities': {
    readonly params: { readonly detector: string };
    readonly query: {
      readonly from: string;
      readonly to: string;
      readonly entity?: string;
      readonly order?: 'anomalies' | 'worst';
      readonly limit?: number;
      readonly cells?: number;
    };
    readonly body: undefined;
    readonly reply: {
      readonly detector: string;
      readonly from: string;
      readonly to: string;
      readonly seconds: number;
      readonly entities: readonly {
        readonly entity: string;
        readonly anomalies: number;
        readonly worstBits: number;
        readonly last: string;
        readonly cells: readonly { readonly cell: number; readonly anomalies: number; readonly worstBits: number }[];
      }[];
    };
  };
  'GET /v1/alerts': {
    readonly params: undefined;
    readonly query: {
      readonly detector?: string;
      readonly state?: 'open' | 'resolved';
      readonly kind?: 'density' | 'out_of_domain' | 'absence' | 'storm';
      readonly severity?: 'info' | 'warning' | 'major' | 'critical';
      readonly entity?: string;
      readonly hasEntity?: 'true' | 'false';
      readonly acknowledged?: 'true' | 'false';
      readonly from?: string;
      readonly to?: string;
      readonly limit?: number;
      readonly cursor?: string;
    };
    readonly body: undefined;
    readonly reply: {
      readonly items: readonly {
        readonly alertId: string;
        readonly detector: string;
        readonly kind: string;
        readonly entity: string | null;
        readonly feature: string | null;
        readonly state: 'open' | 'resolved';
        readonly severity: string;
        readonly count: number;
        readonly firstSeen: string;
        readonly lastSeen: string;
        readonly resolvedAt: string | null;
        readonly peakBits: number;
        readonly summary: string | null;
        readonly messages: number;
        readonly acknowledgedAt: string | null;
        readonly acknowledgedBy: string | null;
        readonly snoozedUntil: string | null;
        readonly peak: Readonly<Record<string, unknown>> | null;
        readonly storm: Readonly<Record<string, unknown>> | null;
        readonly absence: Readonly<Record<string, unknown>> | null;
        readonly topic: string;
        readonly partition: number;
        readonly fingerprint: string;
      }[];
      readonly next: string | null;
    };
  };
  'GET /v1/alerts/{alertId}': {
    readonly params: { readonly alertId: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: {
      readonly alertId: string;
      readonly detector: string;
      readonly kind: string;
      readonly entity: string | null;
      readonly feature: string | null;
      readonly state: 'open' | 'resolved';
      readonly severity: string;
      readonly count: number;
      readonly firstSeen: string;
      readonly lastSeen: string;
      readonly resolvedAt: string | null;
      readonly peakBits: number;
      readonly summary: string | null;
      readonly messages: number;
      readonly acknowledgedAt: string | null;
      readonly acknowledgedBy: string | null;
      readonly snoozedUntil: string | null;
      readonly peak: Readonly<Record<string, unknown>> | null;
      readonly storm: Readonly<Record<string, unknown>> | null;
      readonly absence: Readonly<Record<string, unknown>> | null;
      readonly topic: string;
      readonly partition: number;
      readonly fingerprint: string;
      readonly anomalies: {
        readonly items: readonly {
          readonly anomalyId: number;
          readonly alertId: string | null;
          readonly detector: string;
          readonly detectorVersion: number;
          readonly modelVersion: number;
          readonly topic: string;
          readonly partition: number;
          readonly offset: number;
          readonly eventId: string;
          readonly eventTime: string;
          readonly entity: string | null;
          readonly scoredAt: string;
          readonly reason: string;
          readonly logDensityNats: number | null;
          readonly pValue: number;
          readonly pMethod: string;
          readonly surpriseBits: number;
          readonly topFeature: string | null;
          readonly summary: string;
          readonly observed: Readonly<Record<string, number | string | null>>;
          readonly expected: Readonly<
            Record<
              string,
              {
                readonly median: number;
                readonly p05: number;
                readonly p95: number;
                readonly ranges?: readonly { readonly low: number; readonly high: number }[];
              }
            >
          >;
          readonly contributions: readonly {
            readonly feature: string;
            readonly bits: number;
            readonly direction: string;
          }[];
          readonly nearestNormal: Readonly<Record<string, number | string | null>> | null;
          readonly explanationFollows: boolean;
          readonly rules: readonly string[];
          readonly suppressedBy: string | null;
        }[];
        readonly next: string | null;
      };
    };
  };
  'POST /v1/alerts/{alertId}/ack': {
    readonly params: { readonly alertId: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: {
      readonly alertId: string;
      readonly detector: string;
      readonly kind: string;
      readonly entity: string | null;
      readonly feature: string | null;
      readonly state: 'open' | 'resolved';
      readonly severity: string;
      readonly count: number;
      readonly firstSeen: string;
      readonly lastSeen: string;
      readonly resolvedAt: string | null;
      readonly peakBits: number;
      readonly summary: string | null;
      readonly messages: number;
      readonly acknowledgedAt: string | null;
      readonly acknowledgedBy: string | null;
      readonly snoozedUntil: string | null;
      readonly peak: Readonly<Record<string, unknown>> | null;
      readonly storm: Readonly<Record<string, unknown>> | null;
      readonly absence: Readonly<Record<string, unknown>> | null;
      readonly topic: string;
      readonly partition: number;
      readonly fingerprint: string;
    };
  };
  'POST /v1/alerts/{alertId}/snooze': {
    readonly params: { readonly alertId: string };
    readonly query: undefined;
    readonly body: { readonly until: string | null };
    readonly reply: {
      readonly alertId: string;
      readonly detector: string;
      readonly kind: string;
      readonly entity: string | null;
      readonly feature: string | null;
      readonly state: 'open' | 'resolved';
      readonly severity: string;
      readonly count: number;
      readonly firstSeen: string;
      readonly lastSeen: string;
      readonly resolvedAt: string | null;
      readonly peakBits: number;
      readonly summary: string | null;
      readonly messages: number;
      readonly acknowledgedAt: string | null;
      readonly acknowledgedBy: string | null;
      readonly snoozedUntil: string | null;
      readonly peak: Readonly<Record<string, unknown>> | null;
      readonly storm: Readonly<Record<string, unknown>> | null;
      readonly absence: Readonly<Record<string, unknown>> | null;
      readonly topic: string;
      readonly partition: number;
      readonly fingerprint: string;
    };
  };
  'POST /v1/alerts/{alertId}/resolve': {
    readonly params: { readonly alertId: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: {
      readonly alertId: string;
      readonly detector: string;
      readonly kind: string;
      readonly entity: string | null;
      readonly feature: string | null;
      readonly state: 'open' | 'resolved';
      readonly severity: string;
      readonly count: number;
      readonly firstSeen: string;
      readonly lastSeen: string;
      readonly resolvedAt: string | null;
      readonly peakBits: number;
      readonly summary: string | null;
      readonly messages: number;
      readonly acknowledgedAt: string | null;
      readonly acknowledgedBy: string | null;
      readonly snoozedUntil: string | null;
      readonly peak: Readonly<Record<string, unknown>> | null;
      readonly storm: Readonly<Record<string, unknown>> | null;
      readonly absence: Readonly<Record<string, unknown>> | null;
      readonly topic: string;
      readonly partition: number;
      readonly fingerprint: string;
    };
  };
  'GET /v1/incidents': {
    readonly params: undefined;
    readonly query: {
      readonly by?: 'detector' | 'entity';
      readonly detector?: string;
      readonly state?: 'open' | 'resolved';
      readonly kind?: 'density' | 'out_of_domain' | 'absence' | 'storm';
      readonly severity?: 'info' | 'warning' | 'major' | 'critical';
      readonly entity?: string;
      readonly hasEntity?: 'true' | 'false';
      readonly acknowledged?: 'true' | 'false';
      readonly from?: string;
      readonly to?: string;
      readonly limit?: number;
      readonly cursor?: string;
    };
    readonly body: undefined;
    readonly reply: {
      readonly items: readonly {
        readonly incidentId: string;
        readonly entity: string | null;
        readonly entities: number;
        readonly detectors: readonly string[];
        readonly alerts: number;
        readonly open: number;
        readonly unseen: number;
        readonly severities: Readonly<Record<string, number>>;
        readonly severity: 'info' | 'warning' | 'major' | 'critical';
        readonly anomalies: number;
        readonly firstSeen: string;
        readonly lastSeen: string;
        readonly peakBits: number;
        readonly features: readonly { readonly feature: string; readonly alerts: number }[];
        readonly worst: {
          readonly alertId: string;
          readonly detector: string;
          readonly kind: string;
          readonly entity: string | null;
          readonly feature: string | null;
          readonly state: 'open' | 'resolved';
          readonly severity: string;
          readonly count: number;
          readonly firstSeen: string;
          readonly lastSeen: string;
          readonly resolvedAt: string | null;
          readonly peakBits: number;
          readonly summary: string | null;
          readonly messages: number;
          readonly acknowledgedAt: string | null;
          readonly acknowledgedBy: string | null;
          readonly snoozedUntil: string | null;
          readonly peak: Readonly<Record<string, unknown>> | null;
          readonly storm: Readonly<Record<string, unknown>> | null;
          readonly absence: Readonly<Record<string, unknown>> | null;
          readonly topic: string;
          readonly partition: number;
          readonly fingerprint: string;
        };
      }[];
      readonly next: string | null;
    };
  };
  'POST /v1/alerts/actions': {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: {
      readonly action: 'ack' | 'snooze' | 'resolve';
      readonly until?: string | null;
      readonly alertIds?: readonly string[];
      readonly where?: {
        readonly detector?: string;
        readonly state?: 'open' | 'resolved';
        readonly kind?: 'density' | 'out_of_domain' | 'absence' | 'storm';
        readonly severity?: 'info' | 'warning' | 'major' | 'critical';
        readonly entity?: string;
        readonly hasEntity?: boolean;
        readonly acknowledged?: boolean;
        readonly from?: string;
        readonly to?: string;
      };
    };
    readonly reply: { readonly changed: number; readonly more: boolean };
  };
  'POST /v1/anomalies/{anomalyId}/feedback': {
    readonly params: { readonly anomalyId: number };
    readonly query: undefined;
    readonly body: {
      readonly verdict: 'confirmed' | 'expected' | 'false_alarm' | 'new_normal';
      readonly note?: string | null;
    };
    readonly reply: {
      readonly feedbackId: number;
      readonly detector: string;
      readonly anomalyId: number | null;
      readonly alertId: string | null;
      readonly verdict: 'confirmed' | 'expected' | 'false_alarm' | 'new_normal';
      readonly note: string | null;
      readonly by: string;
      readonly at: string;
      readonly eventTime: string;
      readonly entity: string | null;
      readonly feature: string | null;
      readonly direction: string | null;
      readonly surpriseBits: number;
      readonly counts: boolean;
    };
  };
  'GET /v1/anomalies/{anomalyId}/feedback': {
    readonly params: { readonly anomalyId: number };
    readonly query: { readonly limit?: number; readonly cursor?: string };
    readonly body: undefined;
    readonly reply: {
      readonly items: readonly {
        readonly feedbackId: number;
        readonly detector: string;
        readonly anomalyId: number | null;
        readonly alertId: string | null;
        readonly verdict: 'confirmed' | 'expected' | 'false_alarm' | 'new_normal';
        readonly note: string | null;
        readonly by: string;
        readonly at: string;
        readonly eventTime: string;
        readonly entity: string | null;
        readonly feature: string | null;
        readonly direction: string | null;
        readonly surpriseBits: number;
        readonly counts: boolean;
      }[];
      readonly next: string | null;
    };
  };
  'POST /v1/alerts/{alertId}/feedback': {
    readonly params: { readonly alertId: string };
    readonly query: undefined;
    readonly body: {
      readonly verdict: 'confirmed' | 'expected' | 'false_alarm' | 'new_normal';
      readonly note?: string | null;
    };
    readonly reply: {
      readonly feedbackId: number;
      readonly detector: string;
      readonly anomalyId: number | null;
      readonly alertId: string | null;
      readonly verdict: 'confirmed' | 'expected' | 'false_alarm' | 'new_normal';
      readonly note: string | null;
      readonly by: string;
      readonly at: string;
      readonly eventTime: string;
      readonly entity: string | null;
      readonly feature: string | null;
      readonly direction: string | null;
      readonly surpriseBits: number;
      readonly counts: boolean;
    };
  };
  'GET /v1/alerts/{alertId}/feedback': {
    readonly params: { readonly alertId: string };
    readonly query: { readonly limit?: number; readonly cursor?: string };
    readonly body: undefined;
    readonly reply: {
      readonly items: readonly {
        readonly feedbackId: number;
        readonly detector: string;
        readonly anomalyId: number | null;
        readonly alertId: string | null;
        readonly verdict: 'confirmed' | 'expected' | 'false_alarm' | 'new_normal';
        readonly note: string | null;
        readonly by: string;
        readonly at: string;
        readonly eventTime: string;
        readonly entity: string | null;
        readonly feature: string | null;
        readonly direction: string | null;
        readonly surpriseBits: number;
        readonly counts: boolean;
      }[];
      readonly next: string | null;
    };
  };
  'GET /v1/detectors/{detector}/scores': {
    readonly params: { readonly detector: string };
    readonly query: {
      readonly from: string;
      readonly to: string;
      readonly entity?: string;
      readonly limit?: number;
      readonly cursor?: string;
    };
    readonly body: undefined;
    readonly reply: {
      readonly items: readonly {
        readonly detector: string;
        readonly detectorVersion: number;
        readonly modelVersion: number | null;
        readonly topic: string;
        readonly partition: number;
        readonly offset: number;
        readonly eventId: string;
        readonly eventTime: string;
        readonly scoredAt: string;
        readonly entity: string | null;
        readonly logDensityNats: number | null;
        readonly pValue: number | null;
        readonly pMethod: string | null;
        readonly isAnomaly: boolean;
      }[];
      readonly next: string | null;
    };
  };
  'GET /v1/detectors/{detector}/timeline': {
    readonly params: { readonly detector: string };
    readonly query: { readonly from?: string; readonly to?: string; readonly points?: number };
    readonly body: undefined;
    readonly reply: {
      readonly detector: string;
      readonly from: string;
      readonly to: string;
      readonly seconds: number;
      readonly buckets: readonly {
        readonly at: string;
        readonly storedSeconds: number;
        readonly events: number;
        readonly anomalies: number;
        readonly expected: number;
        readonly meanBits: number;
        readonly minBits: number;
        readonly maxBits: number;
      }[];
      readonly marks: readonly {
        readonly at: string;
        readonly modelVersion: number | null;
        readonly detectorVersion: number;
      }[];
      readonly stored: { readonly first: string; readonly last: string } | null;
    };
  };
  'GET /v1/detectors/{detector}/timeline/anomalies': {
    readonly params: { readonly detector: string };
    readonly query: { readonly from?: string; readonly to?: string; readonly limit?: number };
    readonly body: undefined;
    readonly reply: {
      readonly detector: string;
      readonly from: string;
      readonly to: string;
      readonly points: readonly {
        readonly anomalyId: number;
        readonly eventTime: string;
        readonly surpriseBits: number;
      }[];
    };
  };
  'GET /v1/detectors/{detector}/p-values': {
    readonly params: { readonly detector: string };
    readonly query: { readonly from?: string; readonly to?: string };
    readonly body: undefined;
    readonly reply: {
      readonly detector: string;
      readonly from: string;
      readonly to: string;
      readonly events: number;
      readonly cells: readonly number[];
      readonly bits: readonly number[];
    };
  };
  'GET /v1/detectors/{detector}/alarms': {
    readonly params: { readonly detector: string };
    readonly query: { readonly days?: number };
    readonly body: undefined;
    readonly reply: {
      readonly detector: string;
      readonly days: readonly {
        readonly day: string;
        readonly events: number;
        readonly expected: number;
        readonly measured: number;
      }[];
    };
  };
  'GET /v1/detectors/{detector}/feature-timelines': {
    readonly params: { readonly detector: string };
    readonly query: { readonly from?: string; readonly to?: string; readonly points?: number };
    readonly body: undefined;
    readonly reply: {
      readonly detector: string;
      readonly from: string;
      readonly to: string;
      readonly seconds: number;
      readonly events: number;
      readonly modelVersion: number | null;
      readonly features: readonly {
        readonly feature: string;
        readonly type: string;
        readonly expected: { readonly p05: number; readonly median: number; readonly p95: number } | null;
        readonly outside: number | null;
        readonly cells: readonly {
          readonly at: string;
          readonly events: number;
          readonly missing: number;
          readonly values: { readonly p05: number; readonly median: number; readonly p95: number } | null;
        }[];
      }[];
      readonly anomalies: readonly {
        readonly feature: string;
        readonly eventTime: string;
        readonly value: number;
        readonly surpriseBits: number;
      }[];
    };
  };
  'GET /v1/dead-letters': {
    readonly params: undefined;
    readonly query: {
      readonly detector?: string;
      readonly reason?: string;
      readonly limit?: number;
      readonly cursor?: string;
    };
    readonly body: undefined;
    readonly reply: {
      readonly items: readonly {
        readonly deadLetterId: number;
        readonly detector: string;
        readonly detectorVersion: number;
        readonly topic: string;
        readonly partition: number;
        readonly offset: number;
        readonly reason: string;
        readonly field: string | null;
        readonly message: string;
        readonly key: string | { readonly base64: string } | null;
        readonly value: string | { readonly base64: string } | null;
        readonly headers: Readonly<Record<string, unknown>>;
        readonly recordTime: string;
        readonly storedAt: string;
        readonly redrivenAt: string | null;
      }[];
      readonly next: string | null;
    };
  };
  'POST /v1/detectors/{detector}/dead-letters/redrive': {
    readonly params: { readonly detector: string };
    readonly query: undefined;
    readonly body:
      | {
          readonly ids?: readonly number[];
          readonly reason?: string;
          readonly again?: boolean;
          readonly limit?: number;
        }
      | undefined;
    readonly reply: { readonly redriven: number; readonly skipped: number; readonly reasons: readonly string[] };
  };
  'GET /v1/dead-alerts': {
    readonly params: undefined;
    readonly query: { readonly detector?: string; readonly limit?: number; readonly cursor?: string };
    readonly body: undefined;
    readonly reply: {
      readonly items: readonly {
        readonly outboxId: number;
        readonly alertId: string;
        readonly detector: string;
        readonly sink: string;
        readonly topic: string;
        readonly bytes: number;
        readonly error: string | null;
        readonly attempts: number;
        readonly createdAt: string;
        readonly deadAt: string;
      }[];
      readonly next: string | null;
    };
  };
  'POST /v1/detectors/{detector}/dead-alerts/redrive': {
    readonly params: { readonly detector: string };
    readonly query: undefined;
    readonly body: { readonly ids?: readonly number[] } | undefined;
    readonly reply: { readonly redriven: number };
  };
  'GET /v1/rules': {
    readonly params: undefined;
    readonly query: { readonly limit?: number; readonly cursor?: string };
    readonly body: undefined;
    readonly reply: {
      readonly items: readonly {
        readonly name: string;
        readonly version: number;
        readonly appliedAt: string;
        readonly appliedBy: string;
        readonly fault: string | null;
        readonly spec: Readonly<Record<string, unknown>>;
      }[];
      readonly next: string | null;
    };
  };
  'GET /v1/rules/{name}': {
    readonly params: { readonly name: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: {
      readonly name: string;
      readonly version: number;
      readonly appliedAt: string;
      readonly appliedBy: string;
      readonly fault: string | null;
      readonly document: Readonly<Record<string, unknown>>;
    };
  };
  'PUT /v1/rules/{name}': {
    readonly params: { readonly name: string };
    readonly query: undefined;
    readonly body: string;
    readonly reply: { readonly name: string; readonly version: number; readonly changed: boolean };
  };
  'DELETE /v1/rules/{name}': {
    readonly params: { readonly name: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: { readonly name: string; readonly removed: true };
  };
  'GET /v1/rules/{name}/document': {
    readonly params: { readonly name: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: { readonly name: string; readonly version: number; readonly text: string };
  };
  'GET /v1/calendars': {
    readonly params: undefined;
    readonly query: { readonly limit?: number; readonly cursor?: string };
    readonly body: undefined;
    readonly reply: {
      readonly items: readonly {
        readonly name: string;
        readonly version: number;
        readonly appliedAt: string;
        readonly appliedBy: string;
        readonly fault: string | null;
        readonly spec: Readonly<Record<string, unknown>>;
      }[];
      readonly next: string | null;
    };
  };
  'GET /v1/calendars/{name}': {
    readonly params: { readonly name: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: {
      readonly name: string;
      readonly version: number;
      readonly appliedAt: string;
      readonly appliedBy: string;
      readonly fault: string | null;
      readonly document: Readonly<Record<string, unknown>>;
    };
  };
  'PUT /v1/calendars/{name}': {
    readonly params: { readonly name: string };
    readonly query: undefined;
    readonly body: string;
    readonly reply: { readonly name: string; readonly version: number; readonly changed: boolean };
  };
  'DELETE /v1/calendars/{name}': {
    readonly params: { readonly name: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: { readonly name: string; readonly removed: true };
  };
  'GET /v1/calendars/{name}/document': {
    readonly params: { readonly name: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: { readonly name: string; readonly version: number; readonly text: string };
  };
  'GET /v1/sinks': {
    readonly params: undefined;
    readonly query: { readonly limit?: number; readonly cursor?: string };
    readonly body: undefined;
    readonly reply: {
      readonly items: readonly {
        readonly name: string;
        readonly version: number;
        readonly appliedAt: string;
        readonly appliedBy: string;
        readonly fault: string | null;
        readonly spec: Readonly<Record<string, unknown>>;
      }[];
      readonly next: string | null;
    };
  };
  'GET /v1/sinks/{name}': {
    readonly params: { readonly name: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: {
      readonly name: string;
      readonly version: number;
      readonly appliedAt: string;
      readonly appliedBy: string;
      readonly fault: string | null;
      readonly document: Readonly<Record<string, unknown>>;
    };
  };
  'PUT /v1/sinks/{name}': {
    readonly params: { readonly name: string };
    readonly query: undefined;
    readonly body: string;
    readonly reply: { readonly name: string; readonly version: number; readonly changed: boolean };
  };
  'DELETE /v1/sinks/{name}': {
    readonly params: { readonly name: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: { readonly name: string; readonly removed: true };
  };
  'POST /v1/dry-run': {
    readonly params: undefined;
    readonly query: { readonly from?: string };
    readonly body: string;
    readonly reply: {
      readonly documents: readonly { readonly kind: string; readonly name: string }[];
      readonly rows: readonly {
        readonly day: string;
        readonly detector: string;
        readonly entity: string | null;
        readonly anomalies: number;
        readonly suppressed: number;
        readonly downgraded: number;
        readonly tagged: number;
        readonly excludedFromTraining: number;
      }[];
      readonly examined: number;
      readonly suppressedAlready: number;
      readonly more: boolean;
      readonly faults: readonly { readonly rule: string; readonly message: string }[];
      readonly alerts: {
        readonly count: number;
        readonly items: readonly {
          readonly alertId: string;
          readonly detector: string;
          readonly entity: string | null;
          readonly severity: string;
          readonly summary: string | null;
          readonly count: number;
          readonly firstSeen: string;
          readonly lastSeen: string;
          readonly suppressed: number;
          readonly downgraded: number;
          readonly tagged: number;
          readonly isGone: boolean;
        }[];
      };
    };
  };
  'POST /v1/sinks/{name}/test': {
    readonly params: { readonly name: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: {
      readonly sink: string;
      readonly outcome: 'accepted' | 'refused' | 'failed';
      readonly messageId: string;
      readonly error: string | null;
      readonly remedy: string | null;
    };
  };
  'GET /v1/stream': {
    readonly params: undefined;
    readonly query: { readonly detector?: string };
    readonly body: undefined;
    readonly reply: string;
  };
  'GET /v1/tokens': {
    readonly params: undefined;
    readonly query: { readonly limit?: number; readonly cursor?: string };
    readonly body: undefined;
    readonly reply: {
      readonly items: readonly {
        readonly tokenId: number;
        readonly name: string;
        readonly scope: 'read' | 'operate' | 'admin';
        readonly detectors: readonly string[] | null;
        readonly createdAt: string;
        readonly expiresAt: string | null;
        readonly revokedAt: string | null;
        readonly lastUsedAt: string | null;
      }[];
      readonly next: string | null;
    };
  };
  'POST /v1/tokens': {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: {
      readonly name: string;
      readonly scope: 'read' | 'operate' | 'admin';
      readonly detectors?: readonly string[] | null;
      readonly expiresAt?: string | null;
    };
    readonly reply: {
      readonly text: string;
      readonly token: {
        readonly tokenId: number;
        readonly name: string;
        readonly scope: 'read' | 'operate' | 'admin';
        readonly detectors: readonly string[] | null;
        readonly createdAt: string;
        readonly expiresAt: string | null;
        readonly revokedAt: string | null;
        readonly lastUsedAt: string | null;
      };
    };
  };
  'DELETE /v1/tokens/{tokenId}': {
    readonly params: { readonly tokenId: number };
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: {
      readonly tokenId: number;
      readonly name: string;
      readonly scope: 'read' | 'operate' | 'admin';
      readonly detectors: readonly string[] | null;
      readonly createdAt: string;
      readonly expiresAt: string | null;
      readonly revokedAt: string | null;
      readonly lastUsedAt: string | null;
    };
  };
  'GET /v1/audit': {
    readonly params: undefined;
    readonly query: { readonly limit?: number; readonly cursor?: string };
    readonly body: undefined;
    readonly reply: {
      readonly items: readonly {
        readonly auditId: number;
        readonly at: string;
        readonly actor: string;
        readonly tokenId: number | null;
        readonly action: string;
        readonly target: string;
        readonly detector: string | null;
        readonly requestId: string;
        readonly outcome: number;
      }[];
      readonly next: string | null;
    };
  };
  'GET /healthz': {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: {
      readonly ok: boolean;
      readonly parts?: Readonly<
        Record<string, { readonly healthy: boolean; readonly ready: boolean; readonly detail: string }>
      >;
    };
  };
  'GET /readyz': {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: {
      readonly ok: boolean;
      readonly parts?: Readonly<
        Record<string, { readonly healthy: boolean; readonly ready: boolean; readonly detail: string }>
      >;
    };
  };
  'GET /metrics': {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: string;
  };
  'GET /openapi.json': {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: undefined;
    readonly reply: Readonly<Record<string, unknown>>;
  };
}
