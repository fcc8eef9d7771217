import type { Immutable } from '@flowline/events';
import { z } from 'zod';

import { nameSchema, topicSchema } from './detector-definition.ts';
import { isReference } from './secret.ts';
import { durationText } from './written-options.ts';

/** Reference to one of Flowline's own settings, which whoever applies a sink must not send out. */
const OWN_SETTING = 'env:FLOWLINE_';

const text = z
  .string()
  .min(1)
  .max(2_000)
  .refine((written) => !written.startsWith(OWN_SETTING), {
    error: "expected a variable of the sink's own: those of Flowline's settings (FLOWLINE_…) are not sent out",
  });
/** Value that errors never quote, and that a document names instead of holding it. */
const secret = text
  .regex(/^(env|file):.+/, 'expected a reference, env:NAME or file:/path: a secret is not stored')
  .meta({ writeOnly: true });

const url = text
  .refine((written) => isReference(written) || isHttpUrl(written), {
    error: 'expected an http(s) address without a login, or a reference to one, env:NAME or file:/path',
  })
  .refine((written) => !written.endsWith('/…'), {
    error: 'expected the whole address: … stands for a path that is not shown',
  })
  .meta({ writeOnly: true });

const allow = z
  .array(text)
  .max(50)
  .describe('Hosts with private, loopback or link-local addresses to which it may connect, as they are written above.')
  .default([]);
const timeout = durationText.describe('Time for a whole request, at most 1m.').default('10s');
const http = { allow, timeout };

const webhookSchema = z.strictObject({
  url: url.describe('Address that messages are posted to.'),
  secret: secret.describe('Key of the signatures; by default they are not signed.').optional(),
  ...http,
});

const alertmanagerSchema = z.strictObject({
  url: url.describe('Address of Alertmanager, such as `http://alertmanager:9093`.'),
  token: secret.describe('Bearer token, if it asks for one.').optional(),
  resendAfter: durationText.describe('Interval at which open alerts are sent again.').default('1m'),
  ...http,
});

const slackSchema = z.strictObject({ url: url.describe('Address of an incoming webhook of Slack.'), ...http });

const loginSchema = z.strictObject({
  username: text.describe('Name, or a reference to it.'),
  password: secret.describe('Password.'),
});

const emailSchema = z.strictObject({
  host: text.describe('SMTP server.'),
  port: z.int().min(1).max(65_535).describe('Its port.').default(587),
  encryption: z
    .enum(['starttls', 'tls', 'none'])
    .describe('`starttls` before anything is said, `tls` from the start (port 465), or `none`.')
    .default('starttls'),
  login: loginSchema.describe('Login at the server, if it asks for one.').optional(),
  from: text.regex(/@/, 'expected a mail address').describe('Sender.'),
  to: z.array(text.regex(/@/, 'expected a mail address')).min(1).max(50).describe('Receivers.'),
  digestOver: z.int().min(1).max(100).describe('Waiting messages beyond which one mail tells of all.').default(10),
  ...http,
});

const kinds = {
  kafka: z.strictObject({ topic: topicSchema.describe('Topic of the messages.') }),
  webhook: webhookSchema,
  alertmanager: alertmanagerSchema,
  slack: slackSchema,
  email: emailSchema,
  file: z.strictObject({ path: text.regex(/^\//, 'expected an absolute path').describe('File on the scorer’s disk.') }),
  stdout: z.strictObject({}),
};

/** Names that are sinks already: the topic of a detector, and `--alerts stdout`. */
const RESERVED = ['kafka', 'stdout'];

/** Name of a sink. */
export const sinkNameSchema = nameSchema.refine((name) => !RESERVED.includes(name), {
  error: 'expected another name: kafka is the topic of a detector, stdout is `--alerts stdout`',
});

/** Kinds of sinks. */
export type SinkKind = keyof typeof kinds;
const sinkKinds = Object.keys(kinds) as readonly SinkKind[];

/** Schema of a sink: an address of messages about alerts, of exactly one kind. */
export const sinkSpecSchema = z
  .strictObject({
    kafka: kinds.kafka.describe('Messages as CloudEvents on a topic.').optional(),
    webhook: kinds.webhook.describe('Messages as JSON, signed.').optional(),
    alertmanager: kinds.alertmanager.describe('Alerts of Prometheus Alertmanager.').optional(),
    slack: kinds.slack.describe('Messages in a Slack channel.').optional(),
    email: kinds.email.describe('Mails, or a digest where many wait.').optional(),
    file: kinds.file.describe('Lines of JSON at the end of a file.').optional(),
    stdout: kinds.stdout.describe('Lines of JSON on the standard output of the scorer.').optional(),
    retryFor: durationText
      .describe('Time for which a failing message is tried again; then it is set aside.')
      .default('1d'),
  })
  .refine((spec) => sinkKinds.filter((kind) => spec[kind] !== undefined).length === 1, {
    error: `expected exactly one of ${sinkKinds.join(', ')}`,
  });

/** A sink, without its name. */
export type SinkSpec = Immutable<z.output<typeof sinkSpecSchema>>;

/** The one kind of a sink. */
export function sinkKindOf(spec: SinkSpec): SinkKind {
  return sinkKinds.find((kind) => spec[kind] !== undefined) ?? 'stdout';
}

function isHttpUrl(written: string): boolean {
  const { protocol, username, password } = URL.canParse(written)
    ? new URL(written)
    : { protocol: '', username: '', password: '' };
  return /^https?:$/.test(protocol) && username === '' && password === '';
}
