import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { once } from 'node:events';

/** State of a part of a process, in its own words. */
export interface HealthCheck {
  /** False: the part cannot do its work and somebody must look. A restart may not help: see /livez. */
  readonly healthy: boolean;
  /** False: the part is not doing its work now, for a reason that may pass (starting, waiting for a model, database away). */
  readonly ready: boolean;
  /** One sentence a person reads. */
  readonly detail: string;
}

/** The state of every part of a process, as its health endpoints report it. */
export class Health {
  readonly #checks = new Map<string, HealthCheck>();

  /** Replaces what is known of one part. */
  set(part: string, check: HealthCheck): void {
    this.#checks.set(part, check);
  }

  /** Forgets a part that is gone. */
  delete(part: string): void {
    this.#checks.delete(part);
  }

  /** Healthy where every part is. */
  get healthy(): boolean {
    return [...this.#checks.values()].every((check) => check.healthy);
  }

  /** Ready where there is a part and every part is ready. */
  get ready(): boolean {
    return this.#checks.size > 0 && [...this.#checks.values()].every((check) => check.healthy && check.ready);
  }

  /** Every part by name. */
  report(): Readonly<Record<string, HealthCheck>> {
    return Object.fromEntries(this.#checks);
  }
}

export interface HealthServerOptions {
  /** 0 picks a free port. */
  readonly port: number;
  /** The interface to listen on: 127.0.0.1, or 0.0.0.0 for probes from outside a container. */
  readonly host: string;
  readonly health: Health;
  readonly metrics: { expose(): Promise<{ readonly contentType: string; readonly body: string }> };
}

/** A running health endpoint. */
export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves /livez (200 as long as the process answers: for restarts), /healthz and /readyz (200 or 503,
 * with every part) and /metrics. Rejects when the port is taken.
 */
export async function startHealthServer({ port, host, health, metrics }: HealthServerOptions): Promise<HealthServer> {
  const server = createServer((request, response) => {
    answer(request, response, health, metrics).catch((error: unknown) => {
      response.writeHead(500, { 'content-type': 'text/plain' });
      response.end(error instanceof Error ? error.message : String(error));
    });
  });
  server.listen(port, host);
  await once(server, 'listening');
  return { port: portOf(server), close: () => close(server) };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  health: Health,
  metrics: HealthServerOptions['metrics'],
): Promise<void> {
  const path = (request.url ?? '/').split('?')[0];
  const json = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  if (path === '/livez') {
    json(200, { ok: true });
  } else if (path === '/healthz') {
    json(health.healthy ? 200 : 503, { ok: health.healthy, parts: health.report() });
  } else if (path === '/readyz') {
    json(health.ready ? 200 : 503, { ok: health.ready, parts: health.report() });
  } else if (path === '/metrics') {
    const { contentType, body } = await metrics.expose();
    response.writeHead(200, { 'content-type': contentType });
    response.end(body);
  } else {
    json(404, { error: `nothing at ${path ?? '/'}: /livez, /healthz, /readyz, /metrics` });
  }
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}
