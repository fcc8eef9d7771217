import { type ResourceKind } from '@flowline/config';
import {
  getResource,
  resourcesInForce,
  resourceVersions,
  type StoredResource,
  type StoredResourceVersion,
} from '@flowline/db';
import { removeUnusedResource } from '@flowline/operations/documents';
import { Command } from 'commander';

import { action, command } from '../command.ts';
import { formatTable, formatTime, printResult } from '../output.ts';
import { withDatabase } from '../with-database.ts';

interface Options {
  readonly json?: true;
}

/**
 * Commands over the resources of a kind: `ls`, `show` and `rm`.
 * @param group the command that they belong to, such as `rules`.
 * @param shown the part of a spec that people see; by default all of it.
 */
export function resourceCommands(
  kind: ResourceKind,
  group: string,
  shown: (spec: unknown) => unknown = (spec) => spec,
): Command {
  const seen = <Stored extends { readonly spec: unknown }>(stored: Stored): Stored => ({
    ...stored,
    spec: shown(stored.spec),
  });
  const noun = kind.toLowerCase();
  const ls = command('ls', `List the ${group} in force, with the first fault of each.`, [
    `flowline ${group} ls`,
    `flowline ${group} ls --json | jq ".[].name"`,
  ]).action(
    action(async ({ json }: Options) => {
      const found = (await withDatabase((db) => resourcesInForce(db, kind))).map(seen);
      printResult(found, json === true, () => formatResources(found, group));
    }),
  );
  const show = command('show <name>', `Show a ${noun}, and its versions, latest first.`, [
    `flowline ${group} show my-${noun}`,
  ]).action(
    action(async (name: string, { json }: Options) => {
      const result = await withDatabase(async (db) => {
        const resource = await getResource(db, { kind, name });
        return { ...seen(resource), versions: (await resourceVersions(db, { kind, name })).map(seen) };
      });
      printResult(result, json === true, () => formatResource(result, result.versions));
    }),
  );
  const rm = command('rm <name>', `Take a ${noun} out of force; its versions are kept.`, [
    `flowline ${group} rm my-${noun}`,
  ]).action(
    action(async (name: string, { json }: Options) => {
      await withDatabase((db) => removeUnusedResource(db, { kind, name }));
      printResult({ kind, name, removed: true }, json === true, () => `${noun} ${name} is removed`);
    }),
  );
  return new Command(group)
    .description(`Inspect and remove ${group}; \`flowline apply\` puts them in force.`)
    .addCommand(ls)
    .addCommand(show)
    .addCommand(rm);
}

function formatResources(resources: readonly StoredResource[], group: string): string {
  if (resources.length === 0) return `no ${group} are in force`;
  return formatTable(
    ['name', 'version', 'applied', 'by', 'fault'],
    resources.map(({ name, version, appliedAt, appliedBy, fault }) => [
      name,
      version,
      formatTime(appliedAt),
      appliedBy,
      fault ?? '',
    ]),
  );
}

function formatResource(
  { kind, name, version, spec, fault }: StoredResource,
  versions: readonly StoredResourceVersion[],
): string {
  return [
    `${kind.toLowerCase()} ${name}, version ${version}`,
    ...(fault === null ? [] : [`fault: ${fault}`]),
    JSON.stringify(spec, null, 2),
    formatTable(
      ['version', 'applied', 'by'],
      versions.map((each) => [each.version, formatTime(each.appliedAt), each.appliedBy]),
    ),
  ].join('\n');
}
