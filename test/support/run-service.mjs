// Runs a service as the command line runs its program: built, or from the sources where they have
// changed since the build.
//   node run-service.mjs scorer|trainer [arguments…]
import { loadProgram } from '../../services/cli/bin/load-program.mjs';

const [service] = process.argv.splice(2, 1);
await loadProgram(new URL(`../../services/${service}/`, import.meta.url));
