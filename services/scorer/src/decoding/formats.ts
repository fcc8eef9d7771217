import type { RecordFormat } from '@flowline/config';
import type { RecordDecoder } from '@flowline/stream';

import { decodeJson } from '@flowline/stream';
import { JsonFields } from './json/fields.ts';

/** Factory of the decoder of each `source.kafka.format`; one decoder per model. */
export const recordFormats: Readonly<Record<RecordFormat, () => RecordDecoder>> = {
  json: () => ({ decode: decodeJson, fields: (names) => new JsonFields(names) }),
};
