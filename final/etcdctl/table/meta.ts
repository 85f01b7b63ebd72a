// Commands on etcdctl itself: version, help, completion. The texts are those of etcdctl 3.4.23 with the cobra release that
// Debian builds it with, byte for byte: they are what help prints.

import type { Command, CommandContext } from '../command.ts';
import { apiVersion, etcdctlVersion } from '../help.ts';
import { notYet } from './not_yet.ts';

async function runVersion({ io }: CommandContext): Promise<void> {
  io.stdout.write(`etcdctl version: ${etcdctlVersion}\nAPI version: ${apiVersion}\n`);
}

/** etcdctl version */
export const versionCommand: Command = {
  name: 'version',
  short: 'Prints the version of etcdctl',
  use: 'version',
  flags: [],
  offline: true,
  run: runVersion,
};

/** etcdctl help */
export const helpCommand: Command = {
  name: 'help',
  short: 'Help about any command',
  use: 'help [command]',
  long: [
    'Help provides help for any command in the application.',
    'Simply type etcdctl help [path to command] for full details.',
  ].join('\n'),
  flags: [],
};

/** etcdctl completion */
export const completionCommand: Command = {
  name: 'completion',
  short: 'Generate the autocompletion script for the specified shell',
  use: 'completion',
  long: [
    'Generate the autocompletion script for etcdctl for the specified shell.',
    "See each sub-command's help for details on how to use the generated script.",
  ].join('\n'),
  flags: [],
  subcommands: [
    {
      name: 'bash',
      short: 'Generate the autocompletion script for bash',
      use: 'bash',
      bareUsage: true,
      long: [
        'Generate the autocompletion script for the bash shell.',
        '',
        "This script depends on the 'bash-completion' package.",
        "If it is not installed already, you can install it via your OS's package manager.",
        '',
        'To load completions in your current shell session:',
        '',
        '	source <(etcdctl completion bash)',
        '',
        'To load completions for every new session, execute once:',
        '',
        '#### Linux:',
        '',
        '	etcdctl completion bash > /etc/bash_completion.d/etcdctl',
        '',
        '#### macOS:',
        '',
        '	etcdctl completion bash > $(brew --prefix)/etc/bash_completion.d/etcdctl',
        '',
        'You will need to start a new shell for this setup to take effect.',
      ].join('\n'),
      flags: [{ name: 'no-descriptions', type: 'bool', default: 'false', help: 'disable completion descriptions' }],
      noArgs: true,
      ...notYet('completion bash'),
    },
    {
      name: 'zsh',
      short: 'Generate the autocompletion script for zsh',
      use: 'zsh',
      long: [
        'Generate the autocompletion script for the zsh shell.',
        '',
        'If shell completion is not already enabled in your environment you will need',
        'to enable it.  You can execute the following once:',
        '',
        '	echo "autoload -U compinit; compinit" >> ~/.zshrc',
        '',
        'To load completions in your current shell session:',
        '',
        '	source <(etcdctl completion zsh); compdef _etcdctl etcdctl',
        '',
        'To load completions for every new session, execute once:',
        '',
        '#### Linux:',
        '',
        '	etcdctl completion zsh > "${fpath[1]}/_etcdctl"',
        '',
        '#### macOS:',
        '',
        '	etcdctl completion zsh > $(brew --prefix)/share/zsh/site-functions/_etcdctl',
        '',
        'You will need to start a new shell for this setup to take effect.',
      ].join('\n'),
      flags: [{ name: 'no-descriptions', type: 'bool', default: 'false', help: 'disable completion descriptions' }],
      noArgs: true,
      ...notYet('completion zsh'),
    },
    {
      name: 'fish',
      short: 'Generate the autocompletion script for fish',
      use: 'fish',
      long: [
        'Generate the autocompletion script for the fish shell.',
        '',
        'To load completions in your current shell session:',
        '',
        '	etcdctl completion fish | source',
        '',
        'To load completions for every new session, execute once:',
        '',
        '	etcdctl completion fish > ~/.config/fish/completions/etcdctl.fish',
        '',
        'You will need to start a new shell for this setup to take effect.',
      ].join('\n'),
      flags: [{ name: 'no-descriptions', type: 'bool', default: 'false', help: 'disable completion descriptions' }],
      noArgs: true,
      ...notYet('completion fish'),
    },
    {
      name: 'powershell',
      short: 'Generate the autocompletion script for powershell',
      use: 'powershell',
      long: [
        'Generate the autocompletion script for powershell.',
        '',
        'To load completions in your current shell session:',
        '',
        '	etcdctl completion powershell | Out-String | Invoke-Expression',
        '',
        'To load completions for every new session, add the output of the above command',
        'to your powershell profile.',
      ].join('\n'),
      flags: [{ name: 'no-descriptions', type: 'bool', default: 'false', help: 'disable completion descriptions' }],
      noArgs: true,
      ...notYet('completion powershell'),
    },
  ],
};
