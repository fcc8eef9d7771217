import { chooseBackends } from './backend.ts';

/** Jest global setup: chooses, once per run, the origin of the test servers. */
export default chooseBackends;
