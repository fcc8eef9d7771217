/**
 * Origins of the test servers: processes on this machine, containers, or servers that are already
 * running.
 */
export const backends = ['native', 'testcontainers', 'external'] as const;
export type Backend = (typeof backends)[number];

/** Servers that the tests need, each with the variable for the address of a running one. */
const addresses = { Kafka: 'FLOWLINE_TEST_KAFKA_BROKERS', Postgres: 'FLOWLINE_TEST_DATABASE_URL' } as const;
export type Service = keyof typeof addresses;

/**
 * Result of the search for a Docker engine, passed to the test processes: `yes`, or the reason why
 * there is none.
 */
const DOCKER = 'FLOWLINE_TEST_DOCKER';
/**
 * Id of a test run. It labels its containers, so that those of interrupted tests can be removed.
 */
const RUN = 'FLOWLINE_TEST_RUN';
const RUN_LABEL = 'flowline.test.run';

/**
 * Chooses the origin of a service: the backend forced by FLOWLINE_TEST_BACKEND, else the given
 * address, else containers if a Docker engine answers, else processes on this machine.
 * @throws Error if the forced backend does not exist, or has no address.
 */
export function backendOf(service: Service): Backend {
  const forced = process.env.FLOWLINE_TEST_BACKEND ?? '';
  if (forced !== '') {
    const backend = backends.find((known) => known === forced);
    if (backend === undefined) throw new Error(`FLOWLINE_TEST_BACKEND is ${forced}: one of ${backends.join(', ')}`);
    if (backend === 'external') addressOf(service);
    return backend;
  }
  if ((process.env[addresses[service]] ?? '') !== '') return 'external';
  return process.env[DOCKER] === 'yes' ? 'testcontainers' : 'native';
}

/** Address of a running service. @throws Error naming the variable that is missing. */
export function addressOf(service: Service): string {
  const written = process.env[addresses[service]] ?? '';
  if (written === '') throw new Error(`the external backend needs the address of ${service} in ${addresses[service]}`);
  return written;
}

/**
 * Looks for a Docker engine, unless that is already done or irrelevant, and prints the chosen
 * servers to standard error.
 * @throws Error if containers are forced and no engine answers.
 */
export async function chooseBackends(): Promise<void> {
  if (process.env[DOCKER] !== undefined) return;
  process.env[RUN] = `${process.pid}-${Date.now()}`;
  process.env[DOCKER] = needsDocker() ? await dockerAnswer() : 'not looked for';
  if (process.env.FLOWLINE_TEST_BACKEND === 'testcontainers' && process.env[DOCKER] !== 'yes') {
    throw new Error(`FLOWLINE_TEST_BACKEND is testcontainers, and no Docker engine answers: ${process.env[DOCKER]}`);
  }
  const chosen = (['Kafka', 'Postgres'] as const).map((service) => `${service}: ${backendOf(service)}`).join(', ');
  const docker = process.env[DOCKER] === 'yes' ? 'a Docker engine answers' : `Docker: ${process.env[DOCKER]}`;
  process.stderr.write(`Servers of the tests — ${chosen} (${docker}; FLOWLINE_TEST_BACKEND chooses)\n`);
}

function needsDocker(): boolean {
  const forced = process.env.FLOWLINE_TEST_BACKEND ?? '';
  if (forced !== '') return forced === 'testcontainers';
  return Object.values(addresses).some((variable) => (process.env[variable] ?? '') === '');
}

async function dockerAnswer(): Promise<string> {
  const { getContainerRuntimeClient } = await import('testcontainers');
  try {
    await getContainerRuntimeClient();
    return 'yes';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Docker labels for the containers of this run. */
export function runLabels(): Record<string, string> {
  return { [RUN_LABEL]: process.env[RUN] ?? String(process.pid) };
}

/**
 * Removes containers left over from this run. A killed test leaves some if testcontainers' reaper
 * does not run.
 */
export async function removeContainers(): Promise<void> {
  if (process.env[DOCKER] !== 'yes') return;
  const { getContainerRuntimeClient } = await import('testcontainers');
  const { dockerode } = (await getContainerRuntimeClient()).container;
  const label = `${RUN_LABEL}=${process.env[RUN] ?? ''}`;
  for (const { Id } of await dockerode.listContainers({ all: true, filters: { label: [label] } })) {
    await dockerode.getContainer(Id).remove({ force: true, v: true });
  }
}
