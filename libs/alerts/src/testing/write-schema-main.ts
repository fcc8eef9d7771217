// Writes docs/reference/alert-message.schema.json.
import { writeFileSync } from 'node:fs';

import { alertMessageJsonSchema } from '../alert-message-schema.ts';

const file = new URL('../../../../docs/reference/alert-message.schema.json', import.meta.url);
writeFileSync(file, JSON.stringify(alertMessageJsonSchema()));
