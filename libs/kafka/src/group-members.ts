import { FlowlineError } from '@flowline/events';
import kafkajs, { type PartitionAssigner } from 'kafkajs';

/** User data of a consumer group member, in addition to its topics. */
interface Membership {
  readonly flowline: { readonly database: string };
}

/** Group member, as the brokers describe it. */
export interface DescribedMember {
  readonly clientHost: string;
  readonly memberMetadata: Buffer;
}

/**
 * Creates a round-robin assigner, as in kafkajs, whose members also announce the database they
 * store into.
 */
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

/**
 * Databases that the members of a group store into, each with the host of a member. Members that do
 * not announce one are left out.
 */
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
    const announced = JSON.parse(userData.toString()) as Partial<Membership> | null;
    const database = announced?.flowline?.database;
    return typeof database === 'string' ? database : null;
  } catch {
    // The metadata is not Flowline's and cannot be read.
    return null;
  }
}

/**
 * Checks the members of a consumer group.
 * @throws FlowlineError FLOWLINE_GROUP_SHARED if one of them stores into another database.
 */
export async function requireOwnGroup(
  admin: { databasesOfGroup(groupId: string): Promise<ReadonlyMap<string, string>> },
  { groupId, database }: { readonly groupId: string; readonly database: string },
): Promise<void> {
  const members = await admin.databasesOfGroup(groupId);
  const foreign = [...members].find(([other]) => other !== database);
  if (foreign !== undefined) throw groupShared(groupId, database, foreign);
}

/**
 * Creates the error for a group that has members of another database: each would read only part of
 * the partitions.
 */
function groupShared(groupId: string, database: string, [other, host]: readonly [string, string]): FlowlineError {
  const message = `The consumer group ${groupId} has a member that stores into another database (${other}, at ${host}; this is ${database}): each would get a part of the partitions.`;
  return new FlowlineError('FLOWLINE_GROUP_SHARED', message, {
    where: groupId,
    remedy:
      'Give one of the two databases consumer groups of its own with `flowline identity --new`, then start its scorers again.',
  });
}
