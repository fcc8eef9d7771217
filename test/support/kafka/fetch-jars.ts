import { kafkaJars } from './jars.ts';

// Fetches the jars of the versions given into the cache, for images that are built from them.
for (const version of process.argv.slice(2)) {
  const jars = kafkaJars(version);
  if ('reason' in jars) {
    process.stderr.write(`${jars.reason}\n`);
    process.exitCode = 1;
  }
}
