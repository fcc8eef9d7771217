import { parseArgs } from 'node:util';

import { promotionModes, type PromotionMode } from '@flowline/config';
import { FlowlineError, messageOf } from '@flowline/events';

/** Help text of the trainer. */
export const HELP = `flowline trainer
  serve                           train detectors on their schedules, until a signal
  --once <detector>               train one now; exits with 3 if a first model is held back, so that nothing scores
    --promote=auto|always|never   auto: if it is not worse than the champion and its alarm rate is as requested;
                                  always: in any case; never: by hand (default: the detector's training.promote)
    --recalibrate                 keep the champion's weights; calibrate its p-values again on newer rows
    --json                        one line of JSON on standard output at the end
`;

/** Command line of the trainer. */
export interface Arguments {
  /** Detector to train now; null to serve. */
  readonly once: string | null;
  readonly json: boolean;
  /** True to keep the weights of the champion and calibrate its p-values again. */
  readonly recalibrates: boolean;
  /** Promotion mode; null for the one in the detector's definition. */
  readonly promotion: PromotionMode | null;
}

/**
 * Parses the command line; null if help was requested.
 * @throws FlowlineError FLOWLINE_USAGE.
 */
export function readArguments(args: readonly string[]): Arguments | null {
  const { values, positionals } = parse(args);
  if (values.help) return null;
  const promotion = promotionModes.find((mode) => mode === values.promote) ?? null;
  if (promotion === null && values.promote !== undefined)
    throw usage(`--promote is "${values.promote}"; expected ${promotionModes.join(', ')}.`);
  const serves = positionals.length === 1 && positionals[0] === 'serve' && values.once === undefined;
  const trains = positionals.length === 0 && values.once !== undefined && values.once !== '';
  if (serves && values.recalibrate) throw usage('--recalibrate needs --once <detector>.');
  if (!serves && !trains) throw usage('Expected serve, or --once <detector>.');
  return { once: values.once ?? null, json: values.json, recalibrates: values.recalibrate, promotion };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        once: { type: 'string' },
        json: { type: 'boolean', default: false },
        recalibrate: { type: 'boolean', default: false },
        promote: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw usage(messageOf(error));
  }
}

function usage(finding: string): FlowlineError {
  return new FlowlineError('FLOWLINE_USAGE', finding, { where: 'flowline trainer', remedy: 'See --help.' });
}
