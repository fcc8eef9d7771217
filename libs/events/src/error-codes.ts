/**
 * Codes of FlowlineError and their meanings. docs/reference/errors.md explains each (a test
 * compares the two). Codes are published: never rename or reuse one.
 */
export const errorCodes = {
  FLOWLINE_USAGE: 'a command was called with arguments it does not take',
  FLOWLINE_CONFIG_INVALID: 'a detector file or a setting is not valid',
  FLOWLINE_FILE_UNREADABLE: 'a file could not be read',
  FLOWLINE_OUTPUT_FAILED: 'the output of a command could not be written',
  FLOWLINE_SECRET_MISSING: 'a secret named by reference (env: or file:) is not there',
  FLOWLINE_DATABASE_UNREACHABLE: 'Postgres did not answer',
  FLOWLINE_DATABASE_NOT_MIGRATED: 'the database schema is missing or older than this program',
  FLOWLINE_DATABASE_COPIED: 'the database carries the identity of another one: it is a copy, or has moved',
  FLOWLINE_DATABASE_FAILED: 'Postgres refused a statement',
  FLOWLINE_HISTORY_INVALID: 'the history query failed, or lacks a table or column',
  FLOWLINE_HISTORY_TOO_SMALL: 'the history holds too few usable rows to train or calibrate on',
  FLOWLINE_BROKER_UNREACHABLE: 'Kafka did not answer',
  FLOWLINE_TOPIC_MISSING: 'a Kafka topic does not exist',
  FLOWLINE_TOPIC_RECREATED: 'a topic is not the one that was read before under its name, or has lost its end',
  FLOWLINE_GROUP_SHARED: 'the consumer group has members that store into another database',
  FLOWLINE_CONSUMER_STALLED: 'the Kafka consumer stopped reading without an error',
  FLOWLINE_STREAM_REWOUND: 'Postgres has lost commits of a stream, or the topic was started anew',
  FLOWLINE_DETECTOR_MISSING: 'no detector of that name has been applied',
  FLOWLINE_DETECTOR_DROPPING: 'the data of a deleted detector are still being dropped',
  FLOWLINE_RESOURCE_MISSING: 'no rule, calendar or sink of that name is in force',
  FLOWLINE_MODEL_MISSING: 'the detector has no champion model yet',
  FLOWLINE_MODEL_INCOMPATIBLE: 'a model was made for another format version or another set of features',
  FLOWLINE_MODEL_CORRUPTED: 'the bytes of a model do not match its checksum or its format',
  FLOWLINE_MODEL_HELD: 'a newer model is trained and held back',
  FLOWLINE_MODEL_OUTDATED: 'the definition in force asks for a model that is not trained yet',
  FLOWLINE_SCORER_SILENT: 'no scorer has reported lately that it scores the detector',
  FLOWLINE_FEATURES_INVALID: 'rows do not fit the feature schema',
  FLOWLINE_WINDOWS_CORRUPTED: 'the stored state of an entity’s windows is damaged',
  FLOWLINE_WINDOWS_BEHIND: 'the windows of a batch have not seen all earlier events',
  FLOWLINE_ENTITY_SCATTERED: 'events of one entity arrive in several partitions',
  FLOWLINE_BACKEND_UNAVAILABLE: 'the compute backend asked for cannot run here',
  FLOWLINE_SINK_UNREACHABLE: 'a sink did not accept messages, which are sent again',
  FLOWLINE_SINK_REFUSED: 'a sink rejects a message, which is set aside',
  FLOWLINE_SINK_ADDRESS: 'a sink has an internal address that its document does not allow',
  FLOWLINE_TRAINING_FAILED: 'training ended without a usable model',
  FLOWLINE_TRAINING_BUSY: 'another trainer is already training this detector',
  FLOWLINE_ABORTED: 'the work was cancelled',
} as const;

/** A stable error code. */
export type ErrorCode = keyof typeof errorCodes;
