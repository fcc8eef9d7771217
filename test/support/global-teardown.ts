import { removeContainers } from './backend.ts';

/** Jest global teardown: removes the containers of interrupted tests. */
export default removeContainers;
