import type { PanelLayout } from './panel.ts';
import type { ParameterLayout } from './parameter-layout.ts';
import type { Emission } from '../emission.ts';

/** Shared state of the parts of a training module under construction. */
export interface TrainingEmission extends Emission {
  readonly panel: PanelLayout;
  readonly parameters: ParameterLayout;
}
