import Decoder from 'kafkajs/src/protocol/decoder.js';
import Encoder from 'kafkajs/src/protocol/encoder.js';
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js';
import type { Kafka } from 'kafkajs';

const METADATA = 3;
/**
 * First version of the Metadata API with topic ids: brokers since 2.8. kafkajs supports up to
 * version 6.
 */
const WITH_TOPIC_IDS = 10;
const LEADER_NOT_AVAILABLE = 5;
const NO_ID = Buffer.alloc(16);

interface Broker {
  readonly versions: Readonly<Record<number, { readonly maxVersion: number } | undefined>>;
  readonly connectionPool: { send(request: object): Promise<unknown> };
}

interface Cluster {
  readonly brokerPool: { findConnectedBroker(): Promise<Broker> };
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

/**
 * Looks up topic ids (KIP-516), which distinguish topics of the same name: every creation of a
 * topic has a new id. Uses a kafkajs connection, and thus its login and certificates. Connects with
 * the first request, and not again after close.
 */
export class TopicIds {
  readonly #kafka: Kafka;
  #cluster: Promise<Cluster> | undefined;
  #isClosed = false;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  /**
   * Resolves to the id of a topic, in the form that Kafka's tools print; null if the brokers assign
   * no topic ids (before 2.8).
   * @throws Error of kafkajs, of type UNKNOWN_TOPIC_OR_PARTITION if the topic does not exist.
   */
  async of(topic: string): Promise<string | null> {
    if (this.#isClosed) throw new Error('the ids of topics are asked for no more: the connection is closed');
    this.#cluster ??= connect(this.#kafka);
    try {
      const broker = await (await this.#cluster).brokerPool.findConnectedBroker();
      if ((broker.versions[METADATA]?.maxVersion ?? 0) < WITH_TOPIC_IDS) return null;
      const found = await broker.connectionPool.send(metadataRequest(topic));
      return readTopicId(found as TopicMetadata);
    } catch (error) {
      // A protocol error concerns the topic; any other error concerns the connection.
      if (!(error instanceof Error && error.name === 'KafkaJSProtocolError')) await this.#disconnect();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#disconnect();
  }

  /** Drops the connection; the next request opens a new one. */
  async #disconnect(): Promise<void> {
    const cluster = this.#cluster;
    this.#cluster = undefined;
    await cluster?.then((connected) => connected.disconnect()).catch(() => undefined);
  }
}

/** Creates a cluster with a private method of kafkajs. */
async function connect(kafka: Kafka): Promise<Cluster> {
  const name = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  );
  if (name === undefined) throw new Error('this kafkajs makes no clusters');
  const create = (kafka as unknown as Record<symbol, (options: object) => Cluster>)[name];
  const cluster = create?.({ allowAutoTopicCreation: false });
  if (cluster === undefined) throw new Error('this kafkajs makes no clusters');
  await cluster.connect();
  return cluster;
}

interface TopicMetadata {
  readonly errorCode: number;
  readonly id: Buffer;
}

function readTopicId({ errorCode, id }: TopicMetadata): string | null {
  if (errorCode !== 0 && errorCode !== LEADER_NOT_AVAILABLE) throw createErrorFromCode(errorCode);
  return id.equals(NO_ID) ? null : id.toString('base64url');
}

/**
 * Metadata request, version 10, for one topic:
 * https://kafka.apache.org/protocol#The_Messages_Metadata.
 */
function metadataRequest(topic: string): object {
  const no = false;
  return {
    request: {
      apiKey: METADATA,
      apiVersion: WITH_TOPIC_IDS,
      apiName: 'Metadata',
      // Each structure ends with its number of tagged fields (none), beginning with the request
      // header.
      encode: () =>
        Promise.resolve(
          new Encoder()
            .writeUVarInt(0)
            .writeUVarInt(2) // one topic
            .writeBuffer(NO_ID)
            .writeUVarIntString(topic)
            .writeUVarInt(0)
            .writeBoolean(no) // do not create the topic
            .writeBoolean(no)
            .writeBoolean(no)
            .writeUVarInt(0),
        ),
    },
    response: {
      decode: (bytes: Buffer) => Promise.resolve(decodeMetadata(new Decoder(bytes))),
      parse: (found: TopicMetadata) => Promise.resolve(found),
    },
  };
}

/** Decodes the first topic of a response; what follows its id is ignored. */
function decodeMetadata(from: Decoder): TopicMetadata & { readonly clientSideThrottleTime: number } {
  from.readTaggedFields();
  const clientSideThrottleTime = from.readInt32();
  const brokers = from.readUVarInt() - 1;
  for (let i = 0; i < brokers; i++) {
    from.readInt32();
    from.readUVarIntString();
    from.readInt32();
    from.readUVarIntString();
    from.readTaggedFields();
  }
  from.readUVarIntString(); // cluster id
  from.readInt32(); // controller id
  from.readUVarInt(); // number of topics
  const errorCode = from.readInt16();
  from.readUVarIntString();
  return { errorCode, id: from.readBytes(NO_ID.length), clientSideThrottleTime };
}
