import { FlowlineError } from '@flowline/events';
import { type AlarmControl, alphaOf } from './alpha.ts';

/** What a model knows of its alpha. */
export interface AlphaModel {
  /** That it was trained with. */
  readonly alpha: number;
  /** The control that alpha came from. */
  readonly control: AlarmControl;
  /** Of its history; null for models that were trained before it was kept. */
  readonly eventsPerDay: number | null;
}

/** The alpha that decides, and why it is not what the definition asks for (null where it is). */
export interface AlphaInForce {
  readonly alpha: number;
  readonly note: string | null;
}

/**
 * The alpha that the definition in force gives a model, whichever definition the model was trained for: alpha as it is, or false
 * alarms a day over the events a day of the model's history. Where that is no alpha, the model's own goes on, and the note says so.
 */
export function alphaInForce(control: AlarmControl, model: AlphaModel): AlphaInForce {
  if (sameControl(control, model.control)) return { alpha: model.alpha, note: null };
  const eventsPerDay = model.eventsPerDay ?? eventsPerDayOf(model);
  if (eventsPerDay === null && !('alpha' in control)) {
    const note =
      'the model does not know the events a day of its history: falseAlarms takes effect with the next model';
    return { alpha: model.alpha, note };
  }
  try {
    return { alpha: alphaOf(control, eventsPerDay ?? NaN), note: null };
  } catch (error) {
    if (!(error instanceof FlowlineError)) throw error;
    return { alpha: model.alpha, note: error.message };
  }
}

/** What alpha was derived from gives the events a day back. */
function eventsPerDayOf({ alpha, control }: AlphaModel): number | null {
  return 'alpha' in control ? null : control.falseAlarmsPerDay / alpha;
}

function sameControl(a: AlarmControl, b: AlarmControl): boolean {
  if ('alpha' in a) return 'alpha' in b && a.alpha === b.alpha;
  return 'falseAlarmsPerDay' in b && a.falseAlarmsPerDay === b.falseAlarmsPerDay;
}
