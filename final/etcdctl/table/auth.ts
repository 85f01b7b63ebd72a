// Commands on access: auth, user, role. The texts are those of etcdctl 3.4.23, byte for byte (spec/cli.md C.11): they are
// what help prints.

import type { Command } from '../command.ts';
import { notYet } from './not_yet.ts';

/** etcdctl auth */
export const authCommand: Command = {
  name: 'auth',
  short: 'Enable or disable authentication',
  use: 'auth <enable or disable>',
  flags: [],
  subcommands: [
    { name: 'enable', short: 'Enables authentication', use: 'enable', flags: [], ...notYet('auth enable') },
    { name: 'disable', short: 'Disables authentication', use: 'disable', flags: [], ...notYet('auth disable') },
  ],
};

/** etcdctl user */
export const userCommand: Command = {
  name: 'user',
  short: 'User related commands',
  use: 'user <subcommand>',
  flags: [],
  subcommands: [
    {
      name: 'add',
      short: 'Adds a new user',
      use: 'add <user name or user:password> [options]',
      flags: [
        {
          name: 'interactive',
          type: 'bool',
          default: 'true',
          help: 'Read password from stdin instead of interactive terminal',
        },
        { name: 'new-user-password', type: 'string', default: '', help: 'Supply password from the command line flag' },
        {
          name: 'no-password',
          type: 'bool',
          default: 'false',
          help: 'Create a user without password (CN based auth only)',
        },
      ],
      ...notYet('user add'),
    },
    { name: 'delete', short: 'Deletes a user', use: 'delete <user name>', flags: [], ...notYet('user delete') },
    {
      name: 'get',
      short: 'Gets detailed information of a user',
      use: 'get <user name> [options]',
      flags: [
        { name: 'detail', type: 'bool', default: 'false', help: 'Show permissions of roles granted to the user' },
      ],
      ...notYet('user get'),
    },
    { name: 'list', short: 'Lists all users', use: 'list', flags: [], ...notYet('user list') },
    {
      name: 'passwd',
      short: 'Changes password of user',
      use: 'passwd <user name> [options]',
      flags: [
        {
          name: 'interactive',
          type: 'bool',
          default: 'true',
          help: 'If true, read password from stdin instead of interactive terminal',
        },
      ],
      ...notYet('user passwd'),
    },
    {
      name: 'grant-role',
      short: 'Grants a role to a user',
      use: 'grant-role <user name> <role name>',
      flags: [],
      ...notYet('user grant-role'),
    },
    {
      name: 'revoke-role',
      short: 'Revokes a role from a user',
      use: 'revoke-role <user name> <role name>',
      flags: [],
      ...notYet('user revoke-role'),
    },
  ],
};

/** etcdctl role */
export const roleCommand: Command = {
  name: 'role',
  short: 'Role related commands',
  use: 'role <subcommand>',
  flags: [],
  subcommands: [
    { name: 'add', short: 'Adds a new role', use: 'add <role name>', flags: [], ...notYet('role add') },
    { name: 'delete', short: 'Deletes a role', use: 'delete <role name>', flags: [], ...notYet('role delete') },
    {
      name: 'get',
      short: 'Gets detailed information of a role',
      use: 'get <role name>',
      flags: [],
      ...notYet('role get'),
    },
    { name: 'list', short: 'Lists all roles', use: 'list', flags: [], ...notYet('role list') },
    {
      name: 'grant-permission',
      short: 'Grants a key to a role',
      use: 'grant-permission [options] <role name> <permission type> <key> [endkey]',
      flags: [
        {
          name: 'from-key',
          type: 'bool',
          default: 'false',
          help: 'grant a permission of keys that are greater than or equal to the given key using byte compare',
        },
        { name: 'prefix', type: 'bool', default: 'false', help: 'grant a prefix permission' },
      ],
      ...notYet('role grant-permission'),
    },
    {
      name: 'revoke-permission',
      short: 'Revokes a key from a role',
      use: 'revoke-permission <role name> <key> [endkey]',
      flags: [
        {
          name: 'from-key',
          type: 'bool',
          default: 'false',
          help: 'revoke a permission of keys that are greater than or equal to the given key using byte compare',
        },
        { name: 'prefix', type: 'bool', default: 'false', help: 'revoke a prefix permission' },
      ],
      ...notYet('role revoke-permission'),
    },
  ],
};
