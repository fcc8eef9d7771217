import { FlowlineError, messageOf } from '@flowline/events';
import { pause } from '@flowline/telemetry';

import type { ChampionHolder } from './champion-holder.ts';
import type { Champion } from './champion.ts';

const POLL_MS = 2_000;

export interface WaitForChampionOptions {
  readonly name: string;
  /** Wait for a champion instead of failing without one. */
  readonly wait: boolean;
  readonly signal: AbortSignal;
  /** Called with the reason for waiting, once per reason. */
  readonly onWait: (reason: string) => void;
  readonly pollMs?: number;
}

/**
 * Resolves to the first champion; undefined if the signal comes while waiting for it.
 * @throws FlowlineError FLOWLINE_MODEL_MISSING, or the reason why the champion cannot be used,
 * unless `wait` is set.
 */
export async function waitForChampion(
  holder: ChampionHolder,
  options: WaitForChampionOptions,
): Promise<Champion | undefined> {
  const { name, wait, signal, onWait, pollMs = POLL_MS } = options;
  let lastReason = '';
  while (!signal.aborted) {
    let reason = `there is no champion model of ${name} yet: flowline train ${name} makes one`;
    try {
      const model = await holder.refresh();
      if (model !== undefined) return model;
    } catch (error) {
      if (!wait) throw error;
      reason = `the champion of ${name} cannot be used: ${messageOf(error)}`;
    }
    if (!wait) {
      throw new FlowlineError('FLOWLINE_MODEL_MISSING', `The detector ${name} has no champion model yet.`, {
        where: name,
        remedy: `Train it with \`flowline train ${name}\`.`,
      });
    }
    if (reason !== lastReason) onWait(`waiting: ${reason}`);
    lastReason = reason;
    await pause(pollMs, signal);
  }
  return undefined;
}
