// What --help and --version print. The form is etcd's, so that tools and eyes find their way (spec/cli.md A.5).

import { ETCD_VERSION, IMPLEMENTATION } from '../version.ts';
import { FLAG_SECTIONS, type FlagSpec } from './config_table.ts';

/** The usage block: printed on stderr with --help and behind a flag that cannot be parsed. */
export const USAGE = `Usage:

  etcd [flags]
    Start an etcd server.

  etcd --version
    Show the version of etcd.

  etcd -h | --help
    Show this help.

  etcd --config-file
    Read the whole configuration from a file; other flags and the environment are then ignored.

`;

/** The list of flags: printed on stdout with --help. */
export function flagList(): string {
  return FLAG_SECTIONS.map(({ title, flags }) => `\n${title}:\n${flags.map(describe).join('')}`).join('');
}

/** The four lines of --version. */
export function versionText(): string {
  const runtime = `Node.js ${process.version}`;
  const platform = `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`;
  return `etcd Version: ${ETCD_VERSION}\nGit SHA: ${IMPLEMENTATION}\nGo Version: ${runtime}\nGo OS/Arch: ${platform}\n`;
}

function describe(flag: FlagSpec): string {
  const shown = flag.name === 'data-dir' ? '${name}.etcd' : flag.default;
  return `  --${flag.name} '${shown}'\n    ${flag.help}${flag.isReady ? '' : ' Not yet implemented.'}\n`;
}
