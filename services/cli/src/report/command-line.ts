/** Command line of this process as a person would write it, for the foot of a report. */
export const commandLine = (args: readonly string[] = process.argv.slice(2)): string =>
  ['flowline', ...args.map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`))].join(
    ' ',
  );
