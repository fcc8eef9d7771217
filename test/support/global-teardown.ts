import { removeContainers } from './backend.ts';

/** After the tests that need servers: removes the containers of those that were cut off. */
export default removeContainers;
