// `rxjs/testing` of the bundle that jest.config.mjs takes for `rxjs`.
import rxjs from '../../../node_modules/rxjs/dist/bundles/rxjs.umd.js';

export const { TestScheduler } = rxjs.testing;
