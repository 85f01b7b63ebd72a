// The Auth service of a server without users: the questions about them have true answers, changing them is refused.

import { Auth } from '../../../proto/load.ts';
import { EtcdError } from '../../core/errors.ts';
import type { EtcdServer } from '../../server/server.ts';
import type { GrpcServer } from '../../transport/grpc/server.ts';
import { refuseUnary } from './not_implemented.ts';

// The auth revision of a member on which nothing about users was ever changed.
const FIRST_AUTH_REVISION = 1;

/** Registers etcdserverpb.Auth. */
export function registerAuth(grpc: GrpcServer, server: EtcdServer): void {
  grpc.addService(Auth, {
    AuthStatus: () => ({ header: server.header(), enabled: false, authRevision: FIRST_AUTH_REVISION }),
    UserList: () => ({ header: server.header(), users: [] }),
    RoleList: () => ({ header: server.header(), roles: [] }),
    Authenticate() {
      throw new EtcdError('AuthNotEnabled');
    },
    AuthEnable: refuseUnary('Auth.AuthEnable'),
    AuthDisable: refuseUnary('Auth.AuthDisable'),
    UserAdd: refuseUnary('Auth.UserAdd'),
    UserGet: refuseUnary('Auth.UserGet'),
    UserDelete: refuseUnary('Auth.UserDelete'),
    UserChangePassword: refuseUnary('Auth.UserChangePassword'),
    UserGrantRole: refuseUnary('Auth.UserGrantRole'),
    UserRevokeRole: refuseUnary('Auth.UserRevokeRole'),
    RoleAdd: refuseUnary('Auth.RoleAdd'),
    RoleGet: refuseUnary('Auth.RoleGet'),
    RoleDelete: refuseUnary('Auth.RoleDelete'),
    RoleGrantPermission: refuseUnary('Auth.RoleGrantPermission'),
    RoleRevokePermission: refuseUnary('Auth.RoleRevokePermission'),
  });
}
