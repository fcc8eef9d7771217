// fast-check with a fixed seed: property tests draw the same cases in every run, so that a result
// depends on the change alone. To search for new counterexamples:
//   FLOWLINE_PROPERTY_SEED=random npm run test:unit      (or a number, to see one again)
import fc from '../../../node_modules/fast-check/lib/fast-check.js';

const wanted = process.env.FLOWLINE_PROPERTY_SEED ?? '20011';
if (wanted !== 'random') fc.configureGlobal({ seed: Number(wanted) });

export * from '../../../node_modules/fast-check/lib/fast-check.js';
export default fc;
