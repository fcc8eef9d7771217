import { chooseBackends } from './backend.ts';

/** Before the tests that need servers: finds out, once, where these come from. */
export default chooseBackends;
