import { boolean, listOf, object, oneOf, required, whole, withMethods } from './rules.ts';

/** Rules common to configurations; none of these options has a default. */
export const features = required(whole(1));
export const context = required(whole(0));
export const flag = required(boolean);
/** Tag of a configuration: a single allowed text. */
export const tag = (type: string) => required(oneOf(type));
/** Indices of features. */
export const indices = required(listOf('whole numbers of at least 0', whole(0)));
export const network = required({ ...object, expected: 'a network: { hidden, activation, residual }' });
export const scaleFunction = required({ ...object, expected: 'a scale function: { kind, bound }' });
export const generator = required(withMethods('a Random', 'normal', 'normals', 'fork'));
export const transformer = required(withMethods('a Transformer', 'forward', 'inverse'));
export const bijector = required(withMethods('a Bijector', 'forwardAndLogDet', 'inverseAndLogDet', 'dispose'));
