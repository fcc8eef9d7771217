/** Where the servers of the tests come from: processes of this machine, containers, or servers that run already. */
export const backends = ['native', 'testcontainers', 'external'] as const;
export type Backend = (typeof backends)[number];

/** A server that the tests need, and the variable that gives the address of one that runs already. */
const addresses = { Kafka: 'FLOWLINE_TEST_KAFKA_BROKERS', Postgres: 'FLOWLINE_TEST_DATABASE_URL' } as const;
export type Service = keyof typeof addresses;

/** Set for the test processes by whoever has looked for a Docker engine: `yes` or the reason why there is none. */
const DOCKER = 'FLOWLINE_TEST_DOCKER';
/** Marks the containers of one run, so that those of tests that were cut off can be removed. */
const RUN = 'FLOWLINE_TEST_RUN';
const RUN_LABEL = 'flowline.test.run';

/**
 * Where a service comes from: the backend that FLOWLINE_TEST_BACKEND forces; else the address that is given; else containers where
 * a Docker engine answers; else processes of this machine.
 * @throws Error where the forced one does not exist, or has no address.
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

/** The address of a service that runs already. @throws Error naming the variable that lacks it. */
export function addressOf(service: Service): string {
  const written = process.env[addresses[service]] ?? '';
  if (written === '') throw new Error(`the external backend needs the address of ${service} in ${addresses[service]}`);
  return written;
}

/**
 * Looks for a Docker engine unless that has been done or does not matter; says on standard error what the tests will use.
 * @throws Error where containers are forced and no engine answers.
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

/** The labels of a container of this run. */
export function runLabels(): Record<string, string> {
  return { [RUN_LABEL]: process.env[RUN] ?? String(process.pid) };
}

/** Removes what tests of this run have left behind, as a killed one does where no reaper of testcontainers runs. */
export async function removeContainers(): Promise<void> {
  if (process.env[DOCKER] !== 'yes') return;
  const { getContainerRuntimeClient } = await import('testcontainers');
  const { dockerode } = (await getContainerRuntimeClient()).container;
  const label = `${RUN_LABEL}=${process.env[RUN] ?? ''}`;
  for (const { Id } of await dockerode.listContainers({ all: true, filters: { label: [label] } })) {
    await dockerode.getContainer(Id).remove({ force: true, v: true });
  }
}
