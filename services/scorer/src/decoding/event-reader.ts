import type { RecordDecoder, SourceBatch } from '@flowline/stream';

import type { Repeats } from '../ids/batch-repeats.ts';
import type { RepeatRules } from '../ids/repeat-rules.ts';
import type { WindowsMaker } from '../windows/windows-maker.ts';
import type { DecoderInForce } from './decoder-in-force.ts';
import type { DecodeEvents } from './record-decoder.ts';

/** Reader of a batch's records: a champion, or the definition in force while there is none. */
export interface EventReader {
  /**
   * Decodes the values of records. Whatever it must fetch for a batch is fetched before `decode`.
   */
  readonly format: RecordDecoder;
  /** Windows of the features over the past of entities; null if events stand alone. */
  readonly windows: WindowsMaker | null;
  /** Rules by which records repeat events; absent or null if repeats are events like others. */
  readonly repeats?: RepeatRules | null;
  /** Decodes records to events with the reader's features and lookup tables. */
  readonly decode: DecodeEvents;
  /**
   * Decoder of the definition in force. Null unless the detector learns from its events and the
   * features in force differ from this reader's.
   */
  readonly inForce: DecoderInForce | null;
}

/** A source batch and its reader. */
export interface ReadableBatch {
  readonly source: SourceBatch;
  readonly reader: EventReader;
  /** Tells the repeats of the batch; absent if these are events like others. */
  readonly repeats?: Repeats;
}
