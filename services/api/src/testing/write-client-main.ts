// Writes the types by which the pages call the API.
import { writeFile } from 'node:fs/promises';

import { routes } from '../routes.ts';
import { clientTypes } from './client-types.ts';

await writeFile(new URL('../../../dashboard/src/client/api-types.ts', import.meta.url), clientTypes(routes));
