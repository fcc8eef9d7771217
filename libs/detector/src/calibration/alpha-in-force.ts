import { FlowlineError } from '@flowline/events';
import { type AlarmControl, alphaOf } from './alpha.ts';

/** Alpha of a trained model, and the data it was derived from. */
export interface AlphaModel {
  /** Alpha at training time. */
  readonly alpha: number;
  /** Control from which alpha was derived. */
  readonly control: AlarmControl;
  /** Events per day of the model's history; null for models trained before it was stored. */
  readonly eventsPerDay: number | null;
}

/**
 * Alpha to apply, and the reason if it is not the one that the definition asks for (otherwise
 * null).
 */
export interface AlphaInForce {
  readonly alpha: number;
  readonly note: string | null;
}

/**
 * Returns the alpha of the current definition for a model, whichever definition the model was
 * trained for: alpha as given, or false alarms per day divided by the events per day of the model's
 * history. If the result is not a valid alpha, the model's own stays in force, and the note says
 * so.
 */
export function alphaInForce(control: AlarmControl, model: AlphaModel): AlphaInForce {
  if (sameControl(control, model.control)) return { alpha: model.alpha, note: null };
  const eventsPerDay = model.eventsPerDay ?? eventsPerDayOf(model);
  if (eventsPerDay === null && 'falseAlarmsPerDay' in control) {
    const note =
      'the model does not know the events per day of its history: falseAlarms takes effect with the next model';
    return { alpha: model.alpha, note };
  }
  try {
    return { alpha: alphaOf(control, eventsPerDay ?? NaN), note: null };
  } catch (error) {
    if (!(error instanceof FlowlineError)) throw error;
    return { alpha: model.alpha, note: error.message };
  }
}

/** Recovers the events per day from the alpha that was derived from them. */
function eventsPerDayOf({ alpha, control }: AlphaModel): number | null {
  return 'falseAlarmsPerDay' in control ? control.falseAlarmsPerDay / alpha : null;
}

function sameControl(a: AlarmControl, b: AlarmControl): boolean {
  if ('alpha' in a) return 'alpha' in b && a.alpha === b.alpha;
  if ('fdr' in a) return 'fdr' in b && a.fdr === b.fdr;
  return 'falseAlarmsPerDay' in b && a.falseAlarmsPerDay === b.falseAlarmsPerDay;
}
