import { kafkaJars } from './jars.ts';

// Fetches the jars of the given versions into the cache, for building images.
for (const version of process.argv.slice(2)) {
  const jars = kafkaJars(version);
  if ('reason' in jars) {
    process.stderr.write(`${jars.reason}\n`);
    process.exitCode = 1;
  }
}
