import { FlowlineError } from '@flowline/events';
import kafkajs, { type PartitionAssigner } from 'kafkajs';

/** What a member of a consumer group says of itself, beside the topics that it reads. */
interface Membership {
  readonly flowline: { readonly database: string };
}

/** A member of a group, as the brokers describe it. */
export interface DescribedMember {
  readonly clientHost: string;
  readonly memberMetadata: Buffer;
}

/** Assigns partitions in turn, as kafkajs does; each member says which database it stores into. */
export function assignerFor(database: string): PartitionAssigner {
  const { AssignerProtocol, PartitionAssigners } = kafkajs;
  return (config) => {
    const assigner = PartitionAssigners.roundRobin(config);
    const membership: Membership = { flowline: { database } };
    const userData = Buffer.from(JSON.stringify(membership));
    return {
      ...assigner,
      assign: (group) => assigner.assign(group),
      protocol: ({ topics }) => ({
        name: assigner.name,
        metadata: AssignerProtocol.MemberMetadata.encode({ version: assigner.version, topics, userData }),
      }),
    };
  };
}

/** The databases that members of a group store into, with the host of each; of those that do not say so, nothing. */
export function databasesOf(members: readonly DescribedMember[]): ReadonlyMap<string, string> {
  return new Map(
    members.flatMap(({ memberMetadata, clientHost }) => {
      const database = databaseOf(memberMetadata);
      return database === null ? [] : [[database, clientHost]];
    }),
  );
}

function databaseOf(metadata: Buffer): string | null {
  if (metadata.length === 0) return null;
  try {
    const { userData } = kafkajs.AssignerProtocol.MemberMetadata.decode(metadata) ?? {};
    if (userData === undefined || userData.length === 0) return null;
    const said = JSON.parse(userData.toString()) as Partial<Membership> | null;
    const database = said?.flowline?.database;
    return typeof database === 'string' ? database : null;
  } catch {
    // Not one of ours: it says nothing that we could read.
    return null;
  }
}

/** The error of a group that members of another database are in: each would read a part of the other's events. */
export function groupShared(
  groupId: string,
  database: string,
  [other, host]: readonly [string, string],
): FlowlineError {
  const message = `The consumer group ${groupId} has a member that stores into another database (${other}, at ${host}; this is ${database}): each would get a part of the partitions.`;
  return new FlowlineError('FLOWLINE_GROUP_SHARED', message, {
    where: groupId,
    remedy:
      'Give one of the two databases consumer groups of its own with `flowline identity --new`, then start its scorers again.',
  });
}
