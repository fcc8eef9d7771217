/** CPU seconds of this process, on all threads, since a reading of `process.cpuUsage()`. */
export function cpuSecondsSince(started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1e6;
}
