import type { AbsencePolicy, AlertRules } from '@flowline/alerts';

import type { AlertAddress } from './store-messages.ts';

/** Stream whose absence, or that of its entities, is watched. */
export interface WatchedStream {
  readonly detector: string;
  readonly topic: string;
  readonly policy: AbsencePolicy;
  readonly rules: AlertRules;
  /** Destinations of the messages; none if nobody is told. */
  readonly addresses: readonly AlertAddress[];
  /**
   * Latest start of a silence that has lasted `forMs` at `untilMs`; null if there is none. Times at
   * which an entity (null: the stream) need not be seen do not count.
   */
  readonly silentSince: (untilMs: number, forMs: number, entity: string | null) => number | null;
}
