// Commands on the cluster and its members: endpoint, member, alarm, defrag, move-leader. The texts are those of etcdctl
// 3.4.23, byte for byte (spec/cli.md C.9): they are what help prints.

import type { Command } from '../command.ts';
import { runAlarmDisarm, runAlarmList } from '../commands/alarm.ts';
import { runDefrag } from '../commands/defrag.ts';
import { runHashKV, runHealth, runStatus } from '../commands/endpoint.ts';
import { runMemberAdd, runMemberList, runMemberPromote, runMemberRemove, runMemberUpdate } from '../commands/member.ts';
import { runMoveLeader } from '../commands/move_leader.ts';

/** etcdctl endpoint */
export const endpointCommand: Command = {
  name: 'endpoint',
  short: 'Endpoint related commands',
  use: 'endpoint <subcommand>',
  flags: [],
  persistentFlags: [
    { name: 'cluster', type: 'bool', default: 'false', help: 'use all endpoints from the cluster member list' },
  ],
  subcommands: [
    {
      name: 'health',
      short: 'Checks the healthiness of endpoints specified in `--endpoints` flag',
      use: 'health',
      flags: [],
      run: runHealth,
    },
    {
      name: 'status',
      short: 'Prints out the status of endpoints specified in `--endpoints` flag',
      use: 'status',
      long: [
        'When --write-out is set to simple, this command prints out comma-separated status lists for each endpoint.',
        'The items in the lists are endpoint, ID, version, db size, is leader, is learner, raft term, raft index, raft applied index, errors.',
      ].join('\n'),
      flags: [],
      run: runStatus,
    },
    {
      name: 'hashkv',
      short: 'Prints the KV history hash for each endpoint in --endpoints',
      use: 'hashkv',
      flags: [{ name: 'rev', type: 'int64', default: '0', help: 'maximum revision to hash (default: all revisions)' }],
      run: runHashKV,
    },
  ],
};

/** etcdctl member */
export const memberCommand: Command = {
  name: 'member',
  short: 'Membership related commands',
  use: 'member <subcommand>',
  flags: [],
  subcommands: [
    {
      name: 'add',
      short: 'Adds a member into the cluster',
      use: 'add <memberName> [options]',
      flags: [
        { name: 'learner', type: 'bool', default: 'false', help: 'indicates if the new member is raft learner' },
        { name: 'peer-urls', type: 'string', default: '', help: 'comma separated peer URLs for the new member.' },
      ],
      run: runMemberAdd,
    },
    {
      name: 'remove',
      short: 'Removes a member from the cluster',
      use: 'remove <memberID>',
      flags: [],
      run: runMemberRemove,
    },
    {
      name: 'update',
      short: 'Updates a member in the cluster',
      use: 'update <memberID> [options]',
      flags: [
        { name: 'peer-urls', type: 'string', default: '', help: 'comma separated peer URLs for the updated member.' },
      ],
      run: runMemberUpdate,
    },
    {
      name: 'list',
      short: 'Lists all members in the cluster',
      use: 'list',
      long: [
        'When --write-out is set to simple, this command prints out comma-separated member lists for each endpoint.',
        'The items in the lists are ID, Status, Name, Peer Addrs, Client Addrs, Is Learner.',
      ].join('\n'),
      flags: [],
      run: runMemberList,
    },
    {
      name: 'promote',
      short: 'Promotes a non-voting member in the cluster',
      use: 'promote <memberID>',
      long: ['Promotes a non-voting learner member to a voting one in the cluster.'].join('\n'),
      flags: [],
      run: runMemberPromote,
    },
  ],
};

/** etcdctl alarm */
export const alarmCommand: Command = {
  name: 'alarm',
  short: 'Alarm related commands',
  use: 'alarm <subcommand>',
  flags: [],
  subcommands: [
    { name: 'disarm', short: 'Disarms all alarms', use: 'disarm', flags: [], run: runAlarmDisarm },
    { name: 'list', short: 'Lists all alarms', use: 'list', flags: [], run: runAlarmList },
  ],
};

/** etcdctl defrag */
export const defragCommand: Command = {
  name: 'defrag',
  short: 'Defragments the storage of the etcd members with given endpoints',
  use: 'defrag',
  flags: [
    { name: 'cluster', type: 'bool', default: 'false', help: 'use all endpoints from the cluster member list' },
    {
      name: 'data-dir',
      type: 'string',
      default: '',
      help: 'Optional. If present, defragments a data directory not in use by etcd.',
    },
  ],
  run: runDefrag,
};

/** etcdctl move-leader */
export const moveLeaderCommand: Command = {
  name: 'move-leader',
  short: 'Transfers leadership to another etcd cluster member.',
  use: 'move-leader <transferee-member-id>',
  flags: [],
  run: runMoveLeader,
};
