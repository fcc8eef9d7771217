import { FlowlineError, operandsOf, type Expression, type FeatureSpec, type FeatureType } from '@flowline/events';

/** Change of scale declared by the outermost operation of a feature's expression. */
export type Scale = 'none' | 'log' | 'asinh';

const scoredTypes: ReadonlySet<FeatureType> = new Set(['real', 'positive', 'integer', 'unit']);

/** True for categorical and boolean features, which hold levels (text). All others hold numbers. */
export const isLevelFeature = ({ type }: Pick<FeatureSpec, 'type'>): boolean =>
  type === 'categorical' || type === 'boolean';

/** True for features that become a dimension of the flow: numeric, scored, and not cyclic. */
export const isDimension = (spec: FeatureSpec): boolean => spec.role === 'score' && scoredTypes.has(spec.type);

/**
 * Returns a feature's change of scale, and the expression of its stored value, which is the operand
 * of an outermost log or asinh.
 */
export function scaleOf(spec: FeatureSpec): { readonly scale: Scale; readonly value: Expression } {
  if (typeof spec.from === 'object' && 'log' in spec.from) return { scale: 'log', value: spec.from.log };
  if (typeof spec.from === 'object' && 'asinh' in spec.from) return { scale: 'asinh', value: spec.from.asinh };
  return { scale: 'none', value: spec.from };
}

/** Column names of a table: `numeric` and `levels`, each in schema order. */
export function tableColumns(schema: readonly FeatureSpec[]): {
  readonly numeric: readonly string[];
  readonly levels: readonly string[];
} {
  return {
    numeric: schema.filter((spec) => !isLevelFeature(spec)).map((spec) => spec.name),
    levels: schema.filter(isLevelFeature).map((spec) => spec.name),
  };
}

/** (Dotted) record fields that a schema reads, without duplicates, in order of first use. */
export function fieldsOf(schema: readonly FeatureSpec[]): readonly string[] {
  return [...new Set(schema.flatMap((spec) => expressionFields(spec.from)))];
}

/** (Dotted) record fields that an expression reads. */
export function expressionFields(expression: Expression): readonly string[] {
  return typeof expression === 'string' ? [expression] : operandsOf(expression).flatMap(expressionFields);
}

/**
 * Checks the constraints that types cannot express: at least one scored numeric feature (a flow has
 * at least one dimension), unique names, an outermost log or asinh only for real features, a period
 * for cyclic ones, and maxLevels of at least 1 for categorical ones.
 * @throws FlowlineError FLOWLINE_FEATURES_INVALID, with the feature in `where`.
 */
export function checkSchema(schema: readonly FeatureSpec[]): void {
  const seen = new Set<string>();
  for (const spec of schema) {
    if (seen.has(spec.name)) throw invalid(spec, 'has the name of another feature', 'Give each feature its own name.');
    seen.add(spec.name);
    const { scale } = scaleOf(spec);
    if (scale !== 'none' && spec.type !== 'real') {
      throw invalid(
        spec,
        `is of type ${spec.type} and on a scale of its own (${scale} outermost)`,
        `A change of scale belongs to a real feature: use type: real, or leave out the ${scale}.`,
      );
    }
    if (spec.type === 'cyclic' && !(spec.period !== null && Number.isFinite(spec.period) && spec.period > 0)) {
      throw invalid(spec, 'is cyclic and has no period', 'State the length of one cycle, e.g. period: 1d.');
    }
    if (spec.type === 'categorical' && !(Number.isInteger(spec.maxLevels) && spec.maxLevels >= 1)) {
      throw invalid(spec, `has maxLevels ${spec.maxLevels}`, 'maxLevels is a whole number of at least 1.');
    }
  }
  if (!schema.some(isDimension)) {
    throw new FlowlineError(
      'FLOWLINE_FEATURES_INVALID',
      'No feature is numeric and scored: there is nothing to fit a density to.',
      {
        where: 'features',
        remedy: 'Declare at least one feature of type real, positive, integer or unit with role: score.',
      },
    );
  }
}

function invalid(spec: FeatureSpec, finding: string, remedy: string): FlowlineError {
  return new FlowlineError('FLOWLINE_FEATURES_INVALID', `Feature ${spec.name} ${finding}.`, {
    where: `features.${spec.name}`,
    remedy,
  });
}
