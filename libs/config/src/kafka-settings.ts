import type { EnvironmentValues, saslMechanisms } from './environment.ts';
import type { Finding } from './finding.ts';

/** Encryption of connections to Kafka, as PEM texts. ca null: the authorities built into Node. */
export interface KafkaTls {
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
}

/** Login at Kafka. */
export interface KafkaLogin {
  readonly mechanism: (typeof saslMechanisms)[number];
  readonly username: string;
  readonly password: string;
}

/** TLS of the connections to Kafka; null for none. */
export function tlsOf(found: EnvironmentValues): KafkaTls | null {
  if (found.FLOWLINE_KAFKA_TLS === 'false') return null;
  return {
    ca: found.FLOWLINE_KAFKA_TLS_CA ?? null,
    cert: found.FLOWLINE_KAFKA_TLS_CERT ?? null,
    key: found.FLOWLINE_KAFKA_TLS_KEY ?? null,
  };
}

/** Login at Kafka; null for none. */
export function saslOf(found: EnvironmentValues): KafkaLogin | null {
  const {
    FLOWLINE_KAFKA_SASL: mechanism,
    FLOWLINE_KAFKA_USERNAME: username,
    FLOWLINE_KAFKA_PASSWORD: password,
  } = found;
  if (mechanism === undefined || username === undefined || password === undefined) return null;
  return { mechanism, username, password };
}

/**
 * Finds Kafka settings that contradict each other: an incomplete login, an incomplete certificate
 * pair, and certificates without TLS.
 */
export function kafkaFindings(found: EnvironmentValues): Finding[] {
  const findings: Finding[] = [];
  const isSet = (name: keyof EnvironmentValues): boolean => found[name] !== undefined;
  const login = ['FLOWLINE_KAFKA_SASL', 'FLOWLINE_KAFKA_USERNAME', 'FLOWLINE_KAFKA_PASSWORD'] as const;
  if (login.some(isSet)) {
    for (const path of login.filter((name) => !isSet(name))) {
      findings.push({ path, finding: 'not set, though other parts of the login are', remedy: `set ${path} as well` });
    }
  }
  const pair = ['FLOWLINE_KAFKA_TLS_CERT', 'FLOWLINE_KAFKA_TLS_KEY'] as const;
  if (pair.some(isSet)) {
    for (const path of pair.filter((name) => !isSet(name))) {
      findings.push({ path, finding: 'not set, though the other of the pair is', remedy: `set ${path} as well` });
    }
  }
  const withTls = ['FLOWLINE_KAFKA_TLS_CA', ...pair] as const;
  if (found.FLOWLINE_KAFKA_TLS === 'false' && withTls.some(isSet)) {
    const remedy = 'set FLOWLINE_KAFKA_TLS=true, or remove the certificates';
    findings.push({ path: 'FLOWLINE_KAFKA_TLS', finding: 'certificates are set, but TLS is off', remedy });
  }
  return findings;
}
