import { type ApiToken, createToken, getDetector, listTokens, revokeToken, tokenScopes } from '@flowline/db';
import { Command } from 'commander';

import { action, choice, command } from '../command.ts';
import { formatTable, formatTime, printResult } from '../output.ts';
import { parseChoice, parseCount, parseFuture } from '../parse-options.ts';
import { withDatabase } from '../with-database.ts';

interface TokensOptions {
  readonly json?: true;
}

/** `flowline tokens create|ls|revoke`: manages the tokens of the HTTP API. */
export function tokensCommand(): Command {
  return new Command('tokens')
    .description('Create and revoke tokens of the HTTP API.')
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand());
}

interface CreateOptions extends TokensOptions {
  readonly scope: string;
  readonly detector?: readonly string[];
  readonly expires?: string;
}

function createCommand(): Command {
  return command('create <name>', 'Create a token. It is printed once: only its hash is stored.', [
    'flowline tokens create dashboard --scope read',
    'flowline tokens create deploy --scope admin --expires 30d',
    'flowline tokens create on-call --scope operate --detector checkout-latency --detector search-latency',
  ])
    .addOption(
      choice('--scope <scope>', 'operate may also act on alerts and models', tokenScopes).makeOptionMandatory(),
    )
    .option(
      '--detector <name>',
      'only for this detector; may be repeated',
      (name: string, names: string[] | undefined) => [...(names ?? []), name],
    )
    .option('--expires <when>', 'its end: a duration from now, or a time (default: never)')
    .action(
      action(async (name: string, options: CreateOptions) => {
        const scope = parseChoice('--scope', options.scope, tokenScopes);
        const expiresAt = options.expires === undefined ? null : parseFuture('--expires', options.expires);
        const created = await withDatabase(async (db) => {
          for (const detector of options.detector ?? []) await getDetector(db, detector);
          return createToken(db, { name, scope, detectors: options.detector ?? null, expiresAt });
        });
        printResult(created, options.json === true, ({ text }) => text);
      }),
    );
}

interface ListOptions extends TokensOptions {
  readonly before?: string;
  readonly limit: string;
}

function listCommand(): Command {
  return command('ls', 'List tokens, newest first.', ['flowline tokens ls', 'flowline tokens ls --json'])
    .option('--before <id>', 'only tokens before this id, the last one of the previous page')
    .option('--limit <count>', 'at most so many', '20')
    .action(
      action(async ({ before, limit, json }: ListOptions) => {
        const filter = {
          limit: parseCount('--limit', limit),
          ...(before === undefined ? {} : { before: parseCount('--before', before) }),
        };
        const tokens = await withDatabase((db) => listTokens(db, filter));
        printResult(tokens, json === true, formatTokens);
      }),
    );
}

function revokeCommand(): Command {
  return command('revoke <id>', 'Revoke a token, at once for every process.', ['flowline tokens revoke 3']).action(
    action(async (id: string, { json }: TokensOptions) => {
      const tokenId = parseCount('<id>', id);
      const token = await withDatabase((db) => revokeToken(db, tokenId));
      printResult(token, json === true, ({ name }) => `token ${tokenId} (${name}) is revoked`);
    }),
  );
}

function formatTokens(tokens: readonly ApiToken[]): string {
  if (tokens.length === 0) return 'no tokens yet: `flowline tokens create <name> --scope read` makes one';
  return formatTable(
    ['id', 'name', 'scope', 'detectors', 'created', 'last used', 'ends'],
    tokens.map(({ tokenId, name, scope, detectors, createdAt, lastUsedAt, expiresAt, revokedAt }) => [
      tokenId,
      name,
      scope,
      detectors === null ? 'all' : detectors.join(', '),
      formatTime(createdAt),
      lastUsedAt === null ? 'never' : formatTime(lastUsedAt),
      revokedAt !== null ? `revoked ${formatTime(revokedAt)}` : expiresAt === null ? 'never' : formatTime(expiresAt),
    ]),
  );
}
