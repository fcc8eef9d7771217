export { type AlertmanagerOptions, createAlertmanagerSink } from './alertmanager-sink.ts';
export { createEmailSink, type EmailOptions } from './email-sink.ts';
export { createFileSink } from './file-sink.ts';
export type { HttpTarget } from './post.ts';
export { createSlackSink, type SlackOptions } from './slack-sink.ts';
export { createWebhookSink, signatureOf, type WebhookOptions } from './webhook-sink.ts';
