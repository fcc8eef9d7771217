// Writes docs/reference/detector.schema.json, and the tables of docs/reference/detector.md.
import { readFileSync, writeFileSync } from 'node:fs';

import { detectorJsonSchema } from '../detector-document.ts';
import { detectorReference } from '../detector-reference.ts';

const docs = new URL('../../../../docs/reference/', import.meta.url);
const page = new URL('detector.md', docs);
const introduction = readFileSync(page, 'utf8').split(/^## /m, 1).join('');
const schema = detectorJsonSchema();
writeFileSync(page, `${introduction}${detectorReference(schema)}`);
writeFileSync(new URL('detector.schema.json', docs), JSON.stringify(schema));
