// Made from the .proto files by generate.ts: change those, then run `npm run proto`.

/** mvccpb.Event.EventType */
export const Event_EventType = { PUT: 0, DELETE: 1 } as const;

/** authpb.Permission.Type */
export const Permission_Type = { READ: 0, WRITE: 1, READWRITE: 2 } as const;

/** etcdserverpb.RangeRequest.SortOrder */
export const RangeRequest_SortOrder = { NONE: 0, ASCEND: 1, DESCEND: 2 } as const;

/** etcdserverpb.RangeRequest.SortTarget */
export const RangeRequest_SortTarget = { KEY: 0, VERSION: 1, CREATE: 2, MOD: 3, VALUE: 4 } as const;

/** etcdserverpb.Compare.CompareResult */
export const Compare_CompareResult = { EQUAL: 0, GREATER: 1, LESS: 2, NOT_EQUAL: 3 } as const;

/** etcdserverpb.Compare.CompareTarget */
export const Compare_CompareTarget = { VERSION: 0, CREATE: 1, MOD: 2, VALUE: 3, LEASE: 4 } as const;

/** etcdserverpb.WatchCreateRequest.FilterType */
export const WatchCreateRequest_FilterType = { NOPUT: 0, NODELETE: 1 } as const;

/** etcdserverpb.AlarmType */
export const AlarmType = { NONE: 0, NOSPACE: 1, CORRUPT: 2 } as const;

/** etcdserverpb.AlarmRequest.AlarmAction */
export const AlarmRequest_AlarmAction = { GET: 0, ACTIVATE: 1, DEACTIVATE: 2 } as const;

/** etcdserverpb.DowngradeRequest.DowngradeAction */
export const DowngradeRequest_DowngradeAction = { VALIDATE: 0, ENABLE: 1, CANCEL: 2 } as const;

/** grpc.health.v1.HealthCheckResponse.ServingStatus */
export const HealthCheckResponse_ServingStatus = {
  UNKNOWN: 0,
  SERVING: 1,
  NOT_SERVING: 2,
  SERVICE_UNKNOWN: 3,
} as const;

/** raftpb.EntryType */
export const RaftEntryType = { EntryNormal: 0, EntryConfChange: 1, EntryConfChangeV2: 2 } as const;

/** raftpb.MessageType */
export const RaftMessageType = {
  MsgHup: 0,
  MsgBeat: 1,
  MsgProp: 2,
  MsgApp: 3,
  MsgAppResp: 4,
  MsgVote: 5,
  MsgVoteResp: 6,
  MsgSnap: 7,
  MsgHeartbeat: 8,
  MsgHeartbeatResp: 9,
  MsgUnreachable: 10,
  MsgSnapStatus: 11,
  MsgCheckQuorum: 12,
  MsgTransferLeader: 13,
  MsgTimeoutNow: 14,
  MsgReadIndex: 15,
  MsgReadIndexResp: 16,
  MsgPreVote: 17,
  MsgPreVoteResp: 18,
} as const;

/** raftpb.ConfChangeType */
export const RaftConfChangeType = {
  ConfChangeAddNode: 0,
  ConfChangeRemoveNode: 1,
  ConfChangeUpdateNode: 2,
  ConfChangeAddLearnerNode: 3,
} as const;

/** raftpb.ConfChangeTransition */
export const RaftConfChangeTransition = {
  ConfChangeTransitionAuto: 0,
  ConfChangeTransitionJointImplicit: 1,
  ConfChangeTransitionJointExplicit: 2,
} as const;

/** mvccpb.KeyValue */
export interface KeyValue {
  key: Uint8Array;
  create_revision: number;
  mod_revision: number;
  version: number;
  value: Uint8Array;
  lease: bigint;
}

/** mvccpb.Event */
export interface Event {
  type: number;
  kv: KeyValue | undefined;
  prev_kv: KeyValue | undefined;
}

/** authpb.UserAddOptions */
export interface UserAddOptions {
  no_password: boolean;
}

/** authpb.User */
export interface User {
  name: Uint8Array;
  password: Uint8Array;
  roles: string[];
  options: UserAddOptions | undefined;
}

/** authpb.Permission */
export interface Permission {
  permType: number;
  key: Uint8Array;
  range_end: Uint8Array;
}

/** authpb.Role */
export interface Role {
  name: Uint8Array;
  keyPermission: Permission[];
}

/** etcdserverpb.ResponseHeader */
export interface ResponseHeader {
  cluster_id: bigint;
  member_id: bigint;
  revision: number;
  raft_term: number;
}

/** etcdserverpb.RangeRequest */
export interface RangeRequest {
  key: Uint8Array;
  range_end: Uint8Array;
  limit: number;
  revision: number;
  sort_order: number;
  sort_target: number;
  serializable: boolean;
  keys_only: boolean;
  count_only: boolean;
  min_mod_revision: number;
  max_mod_revision: number;
  min_create_revision: number;
  max_create_revision: number;
}

/** etcdserverpb.RangeResponse */
export interface RangeResponse {
  header: ResponseHeader | undefined;
  kvs: KeyValue[];
  more: boolean;
  count: number;
}

/** etcdserverpb.PutRequest */
export interface PutRequest {
  key: Uint8Array;
  value: Uint8Array;
  lease: bigint;
  prev_kv: boolean;
  ignore_value: boolean;
  ignore_lease: boolean;
}

/** etcdserverpb.PutResponse */
export interface PutResponse {
  header: ResponseHeader | undefined;
  prev_kv: KeyValue | undefined;
}

/** etcdserverpb.DeleteRangeRequest */
export interface DeleteRangeRequest {
  key: Uint8Array;
  range_end: Uint8Array;
  prev_kv: boolean;
}

/** etcdserverpb.DeleteRangeResponse */
export interface DeleteRangeResponse {
  header: ResponseHeader | undefined;
  deleted: number;
  prev_kvs: KeyValue[];
}

/** etcdserverpb.RequestOp */
export interface RequestOp {
  request_range: RangeRequest | undefined;
  request_put: PutRequest | undefined;
  request_delete_range: DeleteRangeRequest | undefined;
  request_txn: TxnRequest | undefined;
}

/** etcdserverpb.ResponseOp */
export interface ResponseOp {
  response_range: RangeResponse | undefined;
  response_put: PutResponse | undefined;
  response_delete_range: DeleteRangeResponse | undefined;
  response_txn: TxnResponse | undefined;
}

/** etcdserverpb.Compare */
export interface Compare {
  result: number;
  target: number;
  key: Uint8Array;
  version: number | undefined;
  create_revision: number | undefined;
  mod_revision: number | undefined;
  value: Uint8Array | undefined;
  lease: bigint | undefined;
  range_end: Uint8Array;
}

/** etcdserverpb.TxnRequest */
export interface TxnRequest {
  compare: Compare[];
  success: RequestOp[];
  failure: RequestOp[];
}

/** etcdserverpb.TxnResponse */
export interface TxnResponse {
  header: ResponseHeader | undefined;
  succeeded: boolean;
  responses: ResponseOp[];
}

/** etcdserverpb.CompactionRequest */
export interface CompactionRequest {
  revision: number;
  physical: boolean;
}

/** etcdserverpb.CompactionResponse */
export interface CompactionResponse {
  header: ResponseHeader | undefined;
}

/** etcdserverpb.WatchRequest */
export interface WatchRequest {
  create_request: WatchCreateRequest | undefined;
  cancel_request: WatchCancelRequest | undefined;
  progress_request: WatchProgressRequest | undefined;
}

/** etcdserverpb.WatchCreateRequest */
export interface WatchCreateRequest {
  key: Uint8Array;
  range_end: Uint8Array;
  start_revision: number;
  progress_notify: boolean;
  filters: number[];
  prev_kv: boolean;
  watch_id: bigint;
  fragment: boolean;
}

/** etcdserverpb.WatchCancelRequest */
export interface WatchCancelRequest {
  watch_id: bigint;
}

/** etcdserverpb.WatchProgressRequest */
export type WatchProgressRequest = Record<never, never>;

/** etcdserverpb.WatchResponse */
export interface WatchResponse {
  header: ResponseHeader | undefined;
  watch_id: bigint;
  created: boolean;
  canceled: boolean;
  compact_revision: number;
  cancel_reason: string;
  fragment: boolean;
  events: Event[];
}

/** etcdserverpb.LeaseGrantRequest */
export interface LeaseGrantRequest {
  TTL: number;
  ID: bigint;
}

/** etcdserverpb.LeaseGrantResponse */
export interface LeaseGrantResponse {
  header: ResponseHeader | undefined;
  ID: bigint;
  TTL: number;
  error: string;
}

/** etcdserverpb.LeaseRevokeRequest */
export interface LeaseRevokeRequest {
  ID: bigint;
}

/** etcdserverpb.LeaseRevokeResponse */
export interface LeaseRevokeResponse {
  header: ResponseHeader | undefined;
}

/** etcdserverpb.LeaseCheckpoint */
export interface LeaseCheckpoint {
  ID: bigint;
  remaining_TTL: number;
}

/** etcdserverpb.LeaseCheckpointRequest */
export interface LeaseCheckpointRequest {
  checkpoints: LeaseCheckpoint[];
}

/** etcdserverpb.LeaseCheckpointResponse */
export interface LeaseCheckpointResponse {
  header: ResponseHeader | undefined;
}

/** etcdserverpb.LeaseKeepAliveRequest */
export interface LeaseKeepAliveRequest {
  ID: bigint;
}

/** etcdserverpb.LeaseKeepAliveResponse */
export interface LeaseKeepAliveResponse {
  header: ResponseHeader | undefined;
  ID: bigint;
  TTL: number;
}

/** etcdserverpb.LeaseTimeToLiveRequest */
export interface LeaseTimeToLiveRequest {
  ID: bigint;
  keys: boolean;
}

/** etcdserverpb.LeaseTimeToLiveResponse */
export interface LeaseTimeToLiveResponse {
  header: ResponseHeader | undefined;
  ID: bigint;
  TTL: number;
  grantedTTL: number;
  keys: Uint8Array[];
}

/** etcdserverpb.LeaseLeasesRequest */
export type LeaseLeasesRequest = Record<never, never>;

/** etcdserverpb.LeaseStatus */
export interface LeaseStatus {
  ID: bigint;
}

/** etcdserverpb.LeaseLeasesResponse */
export interface LeaseLeasesResponse {
  header: ResponseHeader | undefined;
  leases: LeaseStatus[];
}

/** etcdserverpb.Member */
export interface Member {
  ID: bigint;
  name: string;
  peerURLs: string[];
  clientURLs: string[];
  isLearner: boolean;
}

/** etcdserverpb.MemberAddRequest */
export interface MemberAddRequest {
  peerURLs: string[];
  isLearner: boolean;
}

/** etcdserverpb.MemberAddResponse */
export interface MemberAddResponse {
  header: ResponseHeader | undefined;
  member: Member | undefined;
  members: Member[];
}

/** etcdserverpb.MemberRemoveRequest */
export interface MemberRemoveRequest {
  ID: bigint;
}

/** etcdserverpb.MemberRemoveResponse */
export interface MemberRemoveResponse {
  header: ResponseHeader | undefined;
  members: Member[];
}

/** etcdserverpb.MemberUpdateRequest */
export interface MemberUpdateRequest {
  ID: bigint;
  peerURLs: string[];
}

/** etcdserverpb.MemberUpdateResponse */
export interface MemberUpdateResponse {
  header: ResponseHeader | undefined;
  members: Member[];
}

/** etcdserverpb.MemberListRequest */
export interface MemberListRequest {
  linearizable: boolean;
}

/** etcdserverpb.MemberListResponse */
export interface MemberListResponse {
  header: ResponseHeader | undefined;
  members: Member[];
}

/** etcdserverpb.MemberPromoteRequest */
export interface MemberPromoteRequest {
  ID: bigint;
}

/** etcdserverpb.MemberPromoteResponse */
export interface MemberPromoteResponse {
  header: ResponseHeader | undefined;
  members: Member[];
}

/** etcdserverpb.AlarmRequest */
export interface AlarmRequest {
  action: number;
  memberID: bigint;
  alarm: number;
}

/** etcdserverpb.AlarmMember */
export interface AlarmMember {
  memberID: bigint;
  alarm: number;
}

/** etcdserverpb.AlarmResponse */
export interface AlarmResponse {
  header: ResponseHeader | undefined;
  alarms: AlarmMember[];
}

/** etcdserverpb.StatusRequest */
export type StatusRequest = Record<never, never>;

/** etcdserverpb.StatusResponse */
export interface StatusResponse {
  header: ResponseHeader | undefined;
  version: string;
  dbSize: number;
  leader: bigint;
  raftIndex: number;
  raftTerm: number;
  raftAppliedIndex: number;
  errors: string[];
  dbSizeInUse: number;
  isLearner: boolean;
}

/** etcdserverpb.DefragmentRequest */
export type DefragmentRequest = Record<never, never>;

/** etcdserverpb.DefragmentResponse */
export interface DefragmentResponse {
  header: ResponseHeader | undefined;
}

/** etcdserverpb.HashRequest */
export type HashRequest = Record<never, never>;

/** etcdserverpb.HashResponse */
export interface HashResponse {
  header: ResponseHeader | undefined;
  hash: number;
}

/** etcdserverpb.HashKVRequest */
export interface HashKVRequest {
  revision: number;
}

/** etcdserverpb.HashKVResponse */
export interface HashKVResponse {
  header: ResponseHeader | undefined;
  hash: number;
  compact_revision: number;
}

/** etcdserverpb.SnapshotRequest */
export type SnapshotRequest = Record<never, never>;

/** etcdserverpb.SnapshotResponse */
export interface SnapshotResponse {
  header: ResponseHeader | undefined;
  remaining_bytes: number;
  blob: Uint8Array;
}

/** etcdserverpb.MoveLeaderRequest */
export interface MoveLeaderRequest {
  targetID: bigint;
}

/** etcdserverpb.MoveLeaderResponse */
export interface MoveLeaderResponse {
  header: ResponseHeader | undefined;
}

/** etcdserverpb.DowngradeRequest */
export interface DowngradeRequest {
  action: number;
  version: string;
}

/** etcdserverpb.DowngradeResponse */
export interface DowngradeResponse {
  header: ResponseHeader | undefined;
  version: string;
}

/** etcdserverpb.AuthEnableRequest */
export type AuthEnableRequest = Record<never, never>;

/** etcdserverpb.AuthDisableRequest */
export type AuthDisableRequest = Record<never, never>;

/** etcdserverpb.AuthStatusRequest */
export type AuthStatusRequest = Record<never, never>;

/** etcdserverpb.AuthenticateRequest */
export interface AuthenticateRequest {
  name: string;
  password: string;
}

/** etcdserverpb.AuthUserAddRequest */
export interface AuthUserAddRequest {
  name: string;
  password: string;
  options: UserAddOptions | undefined;
  hashedPassword: string;
}

/** etcdserverpb.AuthUserGetRequest */
export interface AuthUserGetRequest {
  name: string;
}

/** etcdserverpb.AuthUserListRequest */
export type AuthUserListRequest = Record<never, never>;

/** etcdserverpb.AuthUserDeleteRequest */
export interface AuthUserDeleteRequest {
  name: string;
}

/** etcdserverpb.AuthUserChangePasswordRequest */
export interface AuthUserChangePasswordRequest {
  name: string;
  password: string;
  hashedPassword: string;
}

/** etcdserverpb.AuthUserGrantRoleRequest */
export interface AuthUserGrantRoleRequest {
  user: string;
  role: string;
}

/** etcdserverpb.AuthUserRevokeRoleRequest */
export interface AuthUserRevokeRoleRequest {
  name: string;
  role: string;
}

/** etcdserverpb.AuthRoleAddRequest */
export interface AuthRoleAddRequest {
  name: string;
}

/** etcdserverpb.AuthRoleGetRequest */
export interface AuthRoleGetRequest {
  role: string;
}

/** etcdserverpb.AuthRoleListRequest */
export type AuthRoleListRequest = Record<never, never>;

/** etcdserverpb.AuthRoleDeleteRequest */
export interface AuthRoleDeleteRequest {
  role: string;
}

/** etcdserverpb.AuthRoleGrantPermissionRequest */
export interface AuthRoleGrantPermissionRequest {
  name: string;
  perm: Permission | undefined;
}

/** etcdserverpb.AuthRoleRevokePermissionRequest */
export interface AuthRoleRevokePermissionRequest {
  role: string;
  key: Uint8Array;
  range_end: Uint8Array;
}

/** etcdserverpb.AuthEnableResponse */
export interface AuthEnableResponse {
  header: ResponseHeader | undefined;
}

/** etcdserverpb.AuthDisableResponse */
export interface AuthDisableResponse {
  header: ResponseHeader | undefined;
}

/** etcdserverpb.AuthStatusResponse */
export interface AuthStatusResponse {
  header: ResponseHeader | undefined;
  enabled: boolean;
  authRevision: number;
}

/** etcdserverpb.AuthenticateResponse */
export interface AuthenticateResponse {
  header: ResponseHeader | undefined;
  token: string;
}

/** etcdserverpb.AuthUserAddResponse */
export interface AuthUserAddResponse {
  header: ResponseHeader | undefined;
}

/** etcdserverpb.AuthUserGetResponse */
export interface AuthUserGetResponse {
  header: ResponseHeader | undefined;
  roles: string[];
}

/** etcdserverpb.AuthUserListResponse */
export interface AuthUserListResponse {
  header: ResponseHeader | undefined;
  users: string[];
}

/** etcdserverpb.AuthUserDeleteResponse */
export interface AuthUserDeleteResponse {
  header: ResponseHeader | undefined;
}

/** etcdserverpb.AuthUserChangePasswordResponse */
export interface AuthUserChangePasswordResponse {
  header: ResponseHeader | undefined;
}

/** etcdserverpb.AuthUserGrantRoleResponse */
export interface AuthUserGrantRoleResponse {
  header: ResponseHeader | undefined;
}

/** etcdserverpb.AuthUserRevokeRoleResponse */
export interface AuthUserRevokeRoleResponse {
  header: ResponseHeader | undefined;
}

/** etcdserverpb.AuthRoleAddResponse */
export interface AuthRoleAddResponse {
  header: ResponseHeader | undefined;
}

/** etcdserverpb.AuthRoleGetResponse */
export interface AuthRoleGetResponse {
  header: ResponseHeader | undefined;
  perm: Permission[];
}

/** etcdserverpb.AuthRoleListResponse */
export interface AuthRoleListResponse {
  header: ResponseHeader | undefined;
  roles: string[];
}

/** etcdserverpb.AuthRoleDeleteResponse */
export interface AuthRoleDeleteResponse {
  header: ResponseHeader | undefined;
}

/** etcdserverpb.AuthRoleGrantPermissionResponse */
export interface AuthRoleGrantPermissionResponse {
  header: ResponseHeader | undefined;
}

/** etcdserverpb.AuthRoleRevokePermissionResponse */
export interface AuthRoleRevokePermissionResponse {
  header: ResponseHeader | undefined;
}

/** etcdserverpb.Request */
export interface Request {
  ID: bigint;
  Method: string;
  Path: string;
  Val: string;
  Dir: boolean;
  PrevValue: string;
  PrevIndex: number;
  PrevExist: boolean | undefined;
  Expiration: number;
  Wait: boolean;
  Since: number;
  Recursive: boolean;
  Sorted: boolean;
  Quorum: boolean;
  Time: number;
  Stream: boolean;
  Refresh: boolean | undefined;
}

/** etcdserverpb.Metadata */
export interface Metadata {
  NodeID: bigint;
  ClusterID: bigint;
}

/** etcdserverpb.RequestHeader */
export interface RequestHeader {
  ID: bigint;
  username: string;
  auth_revision: number;
}

/** etcdserverpb.InternalRaftRequest */
export interface InternalRaftRequest {
  ID: bigint;
  v2: Request | undefined;
  range: RangeRequest | undefined;
  put: PutRequest | undefined;
  delete_range: DeleteRangeRequest | undefined;
  txn: TxnRequest | undefined;
  compaction: CompactionRequest | undefined;
  lease_grant: LeaseGrantRequest | undefined;
  lease_revoke: LeaseRevokeRequest | undefined;
  alarm: AlarmRequest | undefined;
  lease_checkpoint: LeaseCheckpointRequest | undefined;
  header: RequestHeader | undefined;
  auth_enable: AuthEnableRequest | undefined;
  auth_disable: AuthDisableRequest | undefined;
  authenticate: InternalAuthenticateRequest | undefined;
  auth_status: AuthStatusRequest | undefined;
  auth_user_add: AuthUserAddRequest | undefined;
  auth_user_delete: AuthUserDeleteRequest | undefined;
  auth_user_get: AuthUserGetRequest | undefined;
  auth_user_change_password: AuthUserChangePasswordRequest | undefined;
  auth_user_grant_role: AuthUserGrantRoleRequest | undefined;
  auth_user_revoke_role: AuthUserRevokeRoleRequest | undefined;
  auth_user_list: AuthUserListRequest | undefined;
  auth_role_list: AuthRoleListRequest | undefined;
  auth_role_add: AuthRoleAddRequest | undefined;
  auth_role_delete: AuthRoleDeleteRequest | undefined;
  auth_role_get: AuthRoleGetRequest | undefined;
  auth_role_grant_permission: AuthRoleGrantPermissionRequest | undefined;
  auth_role_revoke_permission: AuthRoleRevokePermissionRequest | undefined;
  cluster_version_set: MembershipClusterVersionSetRequest | undefined;
  cluster_member_attr_set: MembershipClusterMemberAttrSetRequest | undefined;
  downgrade_info_set: MembershipDowngradeInfoSetRequest | undefined;
}

/** etcdserverpb.EmptyResponse */
export type EmptyResponse = Record<never, never>;

/** etcdserverpb.InternalAuthenticateRequest */
export interface InternalAuthenticateRequest {
  name: string;
  password: string;
  simple_token: string;
}

/** membershippb.RaftAttributes */
export interface MembershipRaftAttributes {
  peer_urls: string[];
  is_learner: boolean;
}

/** membershippb.Attributes */
export interface MembershipAttributes {
  name: string;
  client_urls: string[];
}

/** membershippb.Member */
export interface MembershipMember {
  ID: bigint;
  raft_attributes: MembershipRaftAttributes | undefined;
  member_attributes: MembershipAttributes | undefined;
}

/** membershippb.ClusterVersionSetRequest */
export interface MembershipClusterVersionSetRequest {
  ver: string;
}

/** membershippb.ClusterMemberAttrSetRequest */
export interface MembershipClusterMemberAttrSetRequest {
  member_ID: bigint;
  member_attributes: MembershipAttributes | undefined;
}

/** membershippb.DowngradeInfoSetRequest */
export interface MembershipDowngradeInfoSetRequest {
  enabled: boolean;
  ver: string;
}

/** v3lockpb.LockRequest */
export interface LockRequest {
  name: Uint8Array;
  lease: bigint;
}

/** v3lockpb.LockResponse */
export interface LockResponse {
  header: ResponseHeader | undefined;
  key: Uint8Array;
}

/** v3lockpb.UnlockRequest */
export interface UnlockRequest {
  key: Uint8Array;
}

/** v3lockpb.UnlockResponse */
export interface UnlockResponse {
  header: ResponseHeader | undefined;
}

/** v3electionpb.CampaignRequest */
export interface CampaignRequest {
  name: Uint8Array;
  lease: bigint;
  value: Uint8Array;
}

/** v3electionpb.CampaignResponse */
export interface CampaignResponse {
  header: ResponseHeader | undefined;
  leader: LeaderKey | undefined;
}

/** v3electionpb.LeaderKey */
export interface LeaderKey {
  name: Uint8Array;
  key: Uint8Array;
  rev: number;
  lease: bigint;
}

/** v3electionpb.LeaderRequest */
export interface LeaderRequest {
  name: Uint8Array;
}

/** v3electionpb.LeaderResponse */
export interface LeaderResponse {
  header: ResponseHeader | undefined;
  kv: KeyValue | undefined;
}

/** v3electionpb.ResignRequest */
export interface ResignRequest {
  leader: LeaderKey | undefined;
}

/** v3electionpb.ResignResponse */
export interface ResignResponse {
  header: ResponseHeader | undefined;
}

/** v3electionpb.ProclaimRequest */
export interface ProclaimRequest {
  leader: LeaderKey | undefined;
  value: Uint8Array;
}

/** v3electionpb.ProclaimResponse */
export interface ProclaimResponse {
  header: ResponseHeader | undefined;
}

/** grpc.health.v1.HealthCheckRequest */
export interface HealthCheckRequest {
  service: string;
}

/** grpc.health.v1.HealthCheckResponse */
export interface HealthCheckResponse {
  status: number;
}

/** helloworld.HelloRequest */
export interface HelloRequest {
  name: string;
}

/** helloworld.HelloReply */
export interface HelloReply {
  message: string;
}

/** leasepb.Lease */
export interface LeaseLease {
  ID: bigint;
  TTL: number;
  RemainingTTL: number;
}

/** leasepb.LeaseInternalRequest */
export interface LeaseLeaseInternalRequest {
  LeaseTimeToLiveRequest: LeaseTimeToLiveRequest | undefined;
}

/** leasepb.LeaseInternalResponse */
export interface LeaseLeaseInternalResponse {
  LeaseTimeToLiveResponse: LeaseTimeToLiveResponse | undefined;
}

/** raftpb.Entry */
export interface RaftEntry {
  Type: number;
  Term: number;
  Index: number;
  Data: Uint8Array | undefined;
}

/** raftpb.ConfState */
export interface RaftConfState {
  voters: bigint[];
  learners: bigint[];
  voters_outgoing: bigint[];
  learners_next: bigint[];
  auto_leave: boolean;
}

/** raftpb.SnapshotMetadata */
export interface RaftSnapshotMetadata {
  conf_state: RaftConfState | undefined;
  index: number;
  term: number;
}

/** raftpb.Snapshot */
export interface RaftSnapshot {
  data: Uint8Array | undefined;
  metadata: RaftSnapshotMetadata | undefined;
}

/** raftpb.Message */
export interface RaftMessage {
  type: number;
  to: bigint;
  from: bigint;
  term: number;
  logTerm: number;
  index: number;
  entries: RaftEntry[];
  commit: number;
  snapshot: RaftSnapshot | undefined;
  reject: boolean;
  rejectHint: number;
  context: Uint8Array | undefined;
}

/** raftpb.HardState */
export interface RaftHardState {
  term: number;
  vote: bigint;
  commit: number;
}

/** raftpb.ConfChange */
export interface RaftConfChange {
  id: bigint;
  type: number;
  node_id: bigint;
  context: Uint8Array | undefined;
}

/** raftpb.ConfChangeSingle */
export interface RaftConfChangeSingle {
  type: number;
  node_id: bigint;
}

/** raftpb.ConfChangeV2 */
export interface RaftConfChangeV2 {
  transition: number;
  changes: RaftConfChangeSingle[];
  context: Uint8Array | undefined;
}

/** snappb.Snapshot */
export interface SnapSnapshot {
  crc: number;
  data: Uint8Array | undefined;
}

/** walpb.Record */
export interface WalRecord {
  type: number;
  crc: number;
  data: Uint8Array | undefined;
}

/** walpb.Snapshot */
export interface WalSnapshot {
  index: number;
  term: number;
  conf_state: RaftConfState | undefined;
}

/** Every message by its full name. */
export interface Messages {
  'mvccpb.KeyValue': KeyValue;
  'mvccpb.Event': Event;
  'authpb.UserAddOptions': UserAddOptions;
  'authpb.User': User;
  'authpb.Permission': Permission;
  'authpb.Role': Role;
  'etcdserverpb.ResponseHeader': ResponseHeader;
  'etcdserverpb.RangeRequest': RangeRequest;
  'etcdserverpb.RangeResponse': RangeResponse;
  'etcdserverpb.PutRequest': PutRequest;
  'etcdserverpb.PutResponse': PutResponse;
  'etcdserverpb.DeleteRangeRequest': DeleteRangeRequest;
  'etcdserverpb.DeleteRangeResponse': DeleteRangeResponse;
  'etcdserverpb.RequestOp': RequestOp;
  'etcdserverpb.ResponseOp': ResponseOp;
  'etcdserverpb.Compare': Compare;
  'etcdserverpb.TxnRequest': TxnRequest;
  'etcdserverpb.TxnResponse': TxnResponse;
  'etcdserverpb.CompactionRequest': CompactionRequest;
  'etcdserverpb.CompactionResponse': CompactionResponse;
  'etcdserverpb.WatchRequest': WatchRequest;
  'etcdserverpb.WatchCreateRequest': WatchCreateRequest;
  'etcdserverpb.WatchCancelRequest': WatchCancelRequest;
  'etcdserverpb.WatchProgressRequest': WatchProgressRequest;
  'etcdserverpb.WatchResponse': WatchResponse;
  'etcdserverpb.LeaseGrantRequest': LeaseGrantRequest;
  'etcdserverpb.LeaseGrantResponse': LeaseGrantResponse;
  'etcdserverpb.LeaseRevokeRequest': LeaseRevokeRequest;
  'etcdserverpb.LeaseRevokeResponse': LeaseRevokeResponse;
  'etcdserverpb.LeaseCheckpoint': LeaseCheckpoint;
  'etcdserverpb.LeaseCheckpointRequest': LeaseCheckpointRequest;
  'etcdserverpb.LeaseCheckpointResponse': LeaseCheckpointResponse;
  'etcdserverpb.LeaseKeepAliveRequest': LeaseKeepAliveRequest;
  'etcdserverpb.LeaseKeepAliveResponse': LeaseKeepAliveResponse;
  'etcdserverpb.LeaseTimeToLiveRequest': LeaseTimeToLiveRequest;
  'etcdserverpb.LeaseTimeToLiveResponse': LeaseTimeToLiveResponse;
  'etcdserverpb.LeaseLeasesRequest': LeaseLeasesRequest;
  'etcdserverpb.LeaseStatus': LeaseStatus;
  'etcdserverpb.LeaseLeasesResponse': LeaseLeasesResponse;
  'etcdserverpb.Member': Member;
  'etcdserverpb.MemberAddRequest': MemberAddRequest;
  'etcdserverpb.MemberAddResponse': MemberAddResponse;
  'etcdserverpb.MemberRemoveRequest': MemberRemoveRequest;
  'etcdserverpb.MemberRemoveResponse': MemberRemoveResponse;
  'etcdserverpb.MemberUpdateRequest': MemberUpdateRequest;
  'etcdserverpb.MemberUpdateResponse': MemberUpdateResponse;
  'etcdserverpb.MemberListRequest': MemberListRequest;
  'etcdserverpb.MemberListResponse': MemberListResponse;
  'etcdserverpb.MemberPromoteRequest': MemberPromoteRequest;
  'etcdserverpb.MemberPromoteResponse': MemberPromoteResponse;
  'etcdserverpb.AlarmRequest': AlarmRequest;
  'etcdserverpb.AlarmMember': AlarmMember;
  'etcdserverpb.AlarmResponse': AlarmResponse;
  'etcdserverpb.StatusRequest': StatusRequest;
  'etcdserverpb.StatusResponse': StatusResponse;
  'etcdserverpb.DefragmentRequest': DefragmentRequest;
  'etcdserverpb.DefragmentResponse': DefragmentResponse;
  'etcdserverpb.HashRequest': HashRequest;
  'etcdserverpb.HashResponse': HashResponse;
  'etcdserverpb.HashKVRequest': HashKVRequest;
  'etcdserverpb.HashKVResponse': HashKVResponse;
  'etcdserverpb.SnapshotRequest': SnapshotRequest;
  'etcdserverpb.SnapshotResponse': SnapshotResponse;
  'etcdserverpb.MoveLeaderRequest': MoveLeaderRequest;
  'etcdserverpb.MoveLeaderResponse': MoveLeaderResponse;
  'etcdserverpb.DowngradeRequest': DowngradeRequest;
  'etcdserverpb.DowngradeResponse': DowngradeResponse;
  'etcdserverpb.AuthEnableRequest': AuthEnableRequest;
  'etcdserverpb.AuthDisableRequest': AuthDisableRequest;
  'etcdserverpb.AuthStatusRequest': AuthStatusRequest;
  'etcdserverpb.AuthenticateRequest': AuthenticateRequest;
  'etcdserverpb.AuthUserAddRequest': AuthUserAddRequest;
  'etcdserverpb.AuthUserGetRequest': AuthUserGetRequest;
  'etcdserverpb.AuthUserListRequest': AuthUserListRequest;
  'etcdserverpb.AuthUserDeleteRequest': AuthUserDeleteRequest;
  'etcdserverpb.AuthUserChangePasswordRequest': AuthUserChangePasswordRequest;
  'etcdserverpb.AuthUserGrantRoleRequest': AuthUserGrantRoleRequest;
  'etcdserverpb.AuthUserRevokeRoleRequest': AuthUserRevokeRoleRequest;
  'etcdserverpb.AuthRoleAddRequest': AuthRoleAddRequest;
  'etcdserverpb.AuthRoleGetRequest': AuthRoleGetRequest;
  'etcdserverpb.AuthRoleListRequest': AuthRoleListRequest;
  'etcdserverpb.AuthRoleDeleteRequest': AuthRoleDeleteRequest;
  'etcdserverpb.AuthRoleGrantPermissionRequest': AuthRoleGrantPermissionRequest;
  'etcdserverpb.AuthRoleRevokePermissionRequest': AuthRoleRevokePermissionRequest;
  'etcdserverpb.AuthEnableResponse': AuthEnableResponse;
  'etcdserverpb.AuthDisableResponse': AuthDisableResponse;
  'etcdserverpb.AuthStatusResponse': AuthStatusResponse;
  'etcdserverpb.AuthenticateResponse': AuthenticateResponse;
  'etcdserverpb.AuthUserAddResponse': AuthUserAddResponse;
  'etcdserverpb.AuthUserGetResponse': AuthUserGetResponse;
  'etcdserverpb.AuthUserListResponse': AuthUserListResponse;
  'etcdserverpb.AuthUserDeleteResponse': AuthUserDeleteResponse;
  'etcdserverpb.AuthUserChangePasswordResponse': AuthUserChangePasswordResponse;
  'etcdserverpb.AuthUserGrantRoleResponse': AuthUserGrantRoleResponse;
  'etcdserverpb.AuthUserRevokeRoleResponse': AuthUserRevokeRoleResponse;
  'etcdserverpb.AuthRoleAddResponse': AuthRoleAddResponse;
  'etcdserverpb.AuthRoleGetResponse': AuthRoleGetResponse;
  'etcdserverpb.AuthRoleListResponse': AuthRoleListResponse;
  'etcdserverpb.AuthRoleDeleteResponse': AuthRoleDeleteResponse;
  'etcdserverpb.AuthRoleGrantPermissionResponse': AuthRoleGrantPermissionResponse;
  'etcdserverpb.AuthRoleRevokePermissionResponse': AuthRoleRevokePermissionResponse;
  'etcdserverpb.Request': Request;
  'etcdserverpb.Metadata': Metadata;
  'etcdserverpb.RequestHeader': RequestHeader;
  'etcdserverpb.InternalRaftRequest': InternalRaftRequest;
  'etcdserverpb.EmptyResponse': EmptyResponse;
  'etcdserverpb.InternalAuthenticateRequest': InternalAuthenticateRequest;
  'membershippb.RaftAttributes': MembershipRaftAttributes;
  'membershippb.Attributes': MembershipAttributes;
  'membershippb.Member': MembershipMember;
  'membershippb.ClusterVersionSetRequest': MembershipClusterVersionSetRequest;
  'membershippb.ClusterMemberAttrSetRequest': MembershipClusterMemberAttrSetRequest;
  'membershippb.DowngradeInfoSetRequest': MembershipDowngradeInfoSetRequest;
  'v3lockpb.LockRequest': LockRequest;
  'v3lockpb.LockResponse': LockResponse;
  'v3lockpb.UnlockRequest': UnlockRequest;
  'v3lockpb.UnlockResponse': UnlockResponse;
  'v3electionpb.CampaignRequest': CampaignRequest;
  'v3electionpb.CampaignResponse': CampaignResponse;
  'v3electionpb.LeaderKey': LeaderKey;
  'v3electionpb.LeaderRequest': LeaderRequest;
  'v3electionpb.LeaderResponse': LeaderResponse;
  'v3electionpb.ResignRequest': ResignRequest;
  'v3electionpb.ResignResponse': ResignResponse;
  'v3electionpb.ProclaimRequest': ProclaimRequest;
  'v3electionpb.ProclaimResponse': ProclaimResponse;
  'grpc.health.v1.HealthCheckRequest': HealthCheckRequest;
  'grpc.health.v1.HealthCheckResponse': HealthCheckResponse;
  'helloworld.HelloRequest': HelloRequest;
  'helloworld.HelloReply': HelloReply;
  'leasepb.Lease': LeaseLease;
  'leasepb.LeaseInternalRequest': LeaseLeaseInternalRequest;
  'leasepb.LeaseInternalResponse': LeaseLeaseInternalResponse;
  'raftpb.Entry': RaftEntry;
  'raftpb.ConfState': RaftConfState;
  'raftpb.SnapshotMetadata': RaftSnapshotMetadata;
  'raftpb.Snapshot': RaftSnapshot;
  'raftpb.Message': RaftMessage;
  'raftpb.HardState': RaftHardState;
  'raftpb.ConfChange': RaftConfChange;
  'raftpb.ConfChangeSingle': RaftConfChangeSingle;
  'raftpb.ConfChangeV2': RaftConfChangeV2;
  'snappb.Snapshot': SnapSnapshot;
  'walpb.Record': WalRecord;
  'walpb.Snapshot': WalSnapshot;
}

/** The fields of every message: number, name, type, marks. */
export const FIELDS: Readonly<Record<keyof Messages, readonly string[]>> = {
  'mvccpb.KeyValue': [
    '1 key bytes',
    '2 create_revision int64',
    '3 mod_revision int64',
    '4 version int64',
    '5 value bytes',
    '6 lease int64 identity',
  ],
  'mvccpb.Event': ['1 type enum', '2 kv mvccpb.KeyValue', '3 prev_kv mvccpb.KeyValue'],
  'authpb.UserAddOptions': ['1 no_password bool'],
  'authpb.User': ['1 name bytes', '2 password bytes', '3 roles string repeated', '4 options authpb.UserAddOptions'],
  'authpb.Permission': ['1 permType enum', '2 key bytes', '3 range_end bytes'],
  'authpb.Role': ['1 name bytes', '2 keyPermission authpb.Permission repeated'],
  'etcdserverpb.ResponseHeader': [
    '1 cluster_id uint64 identity',
    '2 member_id uint64 identity',
    '3 revision int64',
    '4 raft_term uint64',
  ],
  'etcdserverpb.RangeRequest': [
    '1 key bytes',
    '2 range_end bytes',
    '3 limit int64',
    '4 revision int64',
    '5 sort_order enum',
    '6 sort_target enum',
    '7 serializable bool',
    '8 keys_only bool',
    '9 count_only bool',
    '10 min_mod_revision int64',
    '11 max_mod_revision int64',
    '12 min_create_revision int64',
    '13 max_create_revision int64',
  ],
  'etcdserverpb.RangeResponse': [
    '1 header etcdserverpb.ResponseHeader',
    '2 kvs mvccpb.KeyValue repeated',
    '3 more bool',
    '4 count int64',
  ],
  'etcdserverpb.PutRequest': [
    '1 key bytes',
    '2 value bytes',
    '3 lease int64 identity',
    '4 prev_kv bool',
    '5 ignore_value bool',
    '6 ignore_lease bool',
  ],
  'etcdserverpb.PutResponse': ['1 header etcdserverpb.ResponseHeader', '2 prev_kv mvccpb.KeyValue'],
  'etcdserverpb.DeleteRangeRequest': ['1 key bytes', '2 range_end bytes', '3 prev_kv bool'],
  'etcdserverpb.DeleteRangeResponse': [
    '1 header etcdserverpb.ResponseHeader',
    '2 deleted int64',
    '3 prev_kvs mvccpb.KeyValue repeated',
  ],
  'etcdserverpb.RequestOp': [
    '1 request_range etcdserverpb.RangeRequest oneof request',
    '2 request_put etcdserverpb.PutRequest oneof request',
    '3 request_delete_range etcdserverpb.DeleteRangeRequest oneof request',
    '4 request_txn etcdserverpb.TxnRequest oneof request',
  ],
  'etcdserverpb.ResponseOp': [
    '1 response_range etcdserverpb.RangeResponse oneof response',
    '2 response_put etcdserverpb.PutResponse oneof response',
    '3 response_delete_range etcdserverpb.DeleteRangeResponse oneof response',
    '4 response_txn etcdserverpb.TxnResponse oneof response',
  ],
  'etcdserverpb.Compare': [
    '1 result enum',
    '2 target enum',
    '3 key bytes',
    '4 version int64 oneof target_union',
    '5 create_revision int64 oneof target_union',
    '6 mod_revision int64 oneof target_union',
    '7 value bytes oneof target_union',
    '8 lease int64 identity oneof target_union',
    '64 range_end bytes',
  ],
  'etcdserverpb.TxnRequest': [
    '1 compare etcdserverpb.Compare repeated',
    '2 success etcdserverpb.RequestOp repeated',
    '3 failure etcdserverpb.RequestOp repeated',
  ],
  'etcdserverpb.TxnResponse': [
    '1 header etcdserverpb.ResponseHeader',
    '2 succeeded bool',
    '3 responses etcdserverpb.ResponseOp repeated',
  ],
  'etcdserverpb.CompactionRequest': ['1 revision int64', '2 physical bool'],
  'etcdserverpb.CompactionResponse': ['1 header etcdserverpb.ResponseHeader'],
  'etcdserverpb.WatchRequest': [
    '1 create_request etcdserverpb.WatchCreateRequest oneof request_union',
    '2 cancel_request etcdserverpb.WatchCancelRequest oneof request_union',
    '3 progress_request etcdserverpb.WatchProgressRequest oneof request_union',
  ],
  'etcdserverpb.WatchCreateRequest': [
    '1 key bytes',
    '2 range_end bytes',
    '3 start_revision int64',
    '4 progress_notify bool',
    '5 filters enum repeated',
    '6 prev_kv bool',
    '7 watch_id int64 identity',
    '8 fragment bool',
  ],
  'etcdserverpb.WatchCancelRequest': ['1 watch_id int64 identity'],
  'etcdserverpb.WatchProgressRequest': [],
  'etcdserverpb.WatchResponse': [
    '1 header etcdserverpb.ResponseHeader',
    '2 watch_id int64 identity',
    '3 created bool',
    '4 canceled bool',
    '5 compact_revision int64',
    '6 cancel_reason string',
    '7 fragment bool',
    '11 events mvccpb.Event repeated',
  ],
  'etcdserverpb.LeaseGrantRequest': ['1 TTL int64', '2 ID int64 identity'],
  'etcdserverpb.LeaseGrantResponse': [
    '1 header etcdserverpb.ResponseHeader',
    '2 ID int64 identity',
    '3 TTL int64',
    '4 error string',
  ],
  'etcdserverpb.LeaseRevokeRequest': ['1 ID int64 identity'],
  'etcdserverpb.LeaseRevokeResponse': ['1 header etcdserverpb.ResponseHeader'],
  'etcdserverpb.LeaseCheckpoint': ['1 ID int64 identity', '2 remaining_TTL int64'],
  'etcdserverpb.LeaseCheckpointRequest': ['1 checkpoints etcdserverpb.LeaseCheckpoint repeated'],
  'etcdserverpb.LeaseCheckpointResponse': ['1 header etcdserverpb.ResponseHeader'],
  'etcdserverpb.LeaseKeepAliveRequest': ['1 ID int64 identity'],
  'etcdserverpb.LeaseKeepAliveResponse': ['1 header etcdserverpb.ResponseHeader', '2 ID int64 identity', '3 TTL int64'],
  'etcdserverpb.LeaseTimeToLiveRequest': ['1 ID int64 identity', '2 keys bool'],
  'etcdserverpb.LeaseTimeToLiveResponse': [
    '1 header etcdserverpb.ResponseHeader',
    '2 ID int64 identity',
    '3 TTL int64',
    '4 grantedTTL int64',
    '5 keys bytes repeated',
  ],
  'etcdserverpb.LeaseLeasesRequest': [],
  'etcdserverpb.LeaseStatus': ['1 ID int64 identity'],
  'etcdserverpb.LeaseLeasesResponse': [
    '1 header etcdserverpb.ResponseHeader',
    '2 leases etcdserverpb.LeaseStatus repeated',
  ],
  'etcdserverpb.Member': [
    '1 ID uint64 identity',
    '2 name string',
    '3 peerURLs string repeated',
    '4 clientURLs string repeated',
    '5 isLearner bool',
  ],
  'etcdserverpb.MemberAddRequest': ['1 peerURLs string repeated', '2 isLearner bool'],
  'etcdserverpb.MemberAddResponse': [
    '1 header etcdserverpb.ResponseHeader',
    '2 member etcdserverpb.Member',
    '3 members etcdserverpb.Member repeated',
  ],
  'etcdserverpb.MemberRemoveRequest': ['1 ID uint64 identity'],
  'etcdserverpb.MemberRemoveResponse': [
    '1 header etcdserverpb.ResponseHeader',
    '2 members etcdserverpb.Member repeated',
  ],
  'etcdserverpb.MemberUpdateRequest': ['1 ID uint64 identity', '2 peerURLs string repeated'],
  'etcdserverpb.MemberUpdateResponse': [
    '1 header etcdserverpb.ResponseHeader',
    '2 members etcdserverpb.Member repeated',
  ],
  'etcdserverpb.MemberListRequest': ['1 linearizable bool'],
  'etcdserverpb.MemberListResponse': ['1 header etcdserverpb.ResponseHeader', '2 members etcdserverpb.Member repeated'],
  'etcdserverpb.MemberPromoteRequest': ['1 ID uint64 identity'],
  'etcdserverpb.MemberPromoteResponse': [
    '1 header etcdserverpb.ResponseHeader',
    '2 members etcdserverpb.Member repeated',
  ],
  'etcdserverpb.AlarmRequest': ['1 action enum', '2 memberID uint64 identity', '3 alarm enum'],
  'etcdserverpb.AlarmMember': ['1 memberID uint64 identity', '2 alarm enum'],
  'etcdserverpb.AlarmResponse': ['1 header etcdserverpb.ResponseHeader', '2 alarms etcdserverpb.AlarmMember repeated'],
  'etcdserverpb.StatusRequest': [],
  'etcdserverpb.StatusResponse': [
    '1 header etcdserverpb.ResponseHeader',
    '2 version string',
    '3 dbSize int64',
    '4 leader uint64 identity',
    '5 raftIndex uint64',
    '6 raftTerm uint64',
    '7 raftAppliedIndex uint64',
    '8 errors string repeated',
    '9 dbSizeInUse int64',
    '10 isLearner bool',
  ],
  'etcdserverpb.DefragmentRequest': [],
  'etcdserverpb.DefragmentResponse': ['1 header etcdserverpb.ResponseHeader'],
  'etcdserverpb.HashRequest': [],
  'etcdserverpb.HashResponse': ['1 header etcdserverpb.ResponseHeader', '2 hash uint32'],
  'etcdserverpb.HashKVRequest': ['1 revision int64'],
  'etcdserverpb.HashKVResponse': ['1 header etcdserverpb.ResponseHeader', '2 hash uint32', '3 compact_revision int64'],
  'etcdserverpb.SnapshotRequest': [],
  'etcdserverpb.SnapshotResponse': ['1 header etcdserverpb.ResponseHeader', '2 remaining_bytes uint64', '3 blob bytes'],
  'etcdserverpb.MoveLeaderRequest': ['1 targetID uint64 identity'],
  'etcdserverpb.MoveLeaderResponse': ['1 header etcdserverpb.ResponseHeader'],
  'etcdserverpb.DowngradeRequest': ['1 action enum', '2 version string'],
  'etcdserverpb.DowngradeResponse': ['1 header etcdserverpb.ResponseHeader', '2 version string'],
  'etcdserverpb.AuthEnableRequest': [],
  'etcdserverpb.AuthDisableRequest': [],
  'etcdserverpb.AuthStatusRequest': [],
  'etcdserverpb.AuthenticateRequest': ['1 name string', '2 password string'],
  'etcdserverpb.AuthUserAddRequest': [
    '1 name string',
    '2 password string',
    '3 options authpb.UserAddOptions',
    '4 hashedPassword string',
  ],
  'etcdserverpb.AuthUserGetRequest': ['1 name string'],
  'etcdserverpb.AuthUserListRequest': [],
  'etcdserverpb.AuthUserDeleteRequest': ['1 name string'],
  'etcdserverpb.AuthUserChangePasswordRequest': ['1 name string', '2 password string', '3 hashedPassword string'],
  'etcdserverpb.AuthUserGrantRoleRequest': ['1 user string', '2 role string'],
  'etcdserverpb.AuthUserRevokeRoleRequest': ['1 name string', '2 role string'],
  'etcdserverpb.AuthRoleAddRequest': ['1 name string'],
  'etcdserverpb.AuthRoleGetRequest': ['1 role string'],
  'etcdserverpb.AuthRoleListRequest': [],
  'etcdserverpb.AuthRoleDeleteRequest': ['1 role string'],
  'etcdserverpb.AuthRoleGrantPermissionRequest': ['1 name string', '2 perm authpb.Permission'],
  'etcdserverpb.AuthRoleRevokePermissionRequest': ['1 role string', '2 key bytes', '3 range_end bytes'],
  'etcdserverpb.AuthEnableResponse': ['1 header etcdserverpb.ResponseHeader'],
  'etcdserverpb.AuthDisableResponse': ['1 header etcdserverpb.ResponseHeader'],
  'etcdserverpb.AuthStatusResponse': [
    '1 header etcdserverpb.ResponseHeader',
    '2 enabled bool',
    '3 authRevision uint64',
  ],
  'etcdserverpb.AuthenticateResponse': ['1 header etcdserverpb.ResponseHeader', '2 token string'],
  'etcdserverpb.AuthUserAddResponse': ['1 header etcdserverpb.ResponseHeader'],
  'etcdserverpb.AuthUserGetResponse': ['1 header etcdserverpb.ResponseHeader', '2 roles string repeated'],
  'etcdserverpb.AuthUserListResponse': ['1 header etcdserverpb.ResponseHeader', '2 users string repeated'],
  'etcdserverpb.AuthUserDeleteResponse': ['1 header etcdserverpb.ResponseHeader'],
  'etcdserverpb.AuthUserChangePasswordResponse': ['1 header etcdserverpb.ResponseHeader'],
  'etcdserverpb.AuthUserGrantRoleResponse': ['1 header etcdserverpb.ResponseHeader'],
  'etcdserverpb.AuthUserRevokeRoleResponse': ['1 header etcdserverpb.ResponseHeader'],
  'etcdserverpb.AuthRoleAddResponse': ['1 header etcdserverpb.ResponseHeader'],
  'etcdserverpb.AuthRoleGetResponse': ['1 header etcdserverpb.ResponseHeader', '2 perm authpb.Permission repeated'],
  'etcdserverpb.AuthRoleListResponse': ['1 header etcdserverpb.ResponseHeader', '2 roles string repeated'],
  'etcdserverpb.AuthRoleDeleteResponse': ['1 header etcdserverpb.ResponseHeader'],
  'etcdserverpb.AuthRoleGrantPermissionResponse': ['1 header etcdserverpb.ResponseHeader'],
  'etcdserverpb.AuthRoleRevokePermissionResponse': ['1 header etcdserverpb.ResponseHeader'],
  'etcdserverpb.Request': [
    '1 ID uint64 identity required',
    '2 Method string required',
    '3 Path string required',
    '4 Val string required',
    '5 Dir bool required',
    '6 PrevValue string required',
    '7 PrevIndex uint64 required',
    '8 PrevExist bool optional',
    '9 Expiration int64 required',
    '10 Wait bool required',
    '11 Since uint64 required',
    '12 Recursive bool required',
    '13 Sorted bool required',
    '14 Quorum bool required',
    '15 Time int64 required',
    '16 Stream bool required',
    '17 Refresh bool optional',
  ],
  'etcdserverpb.Metadata': ['1 NodeID uint64 identity required', '2 ClusterID uint64 identity required'],
  'etcdserverpb.RequestHeader': ['1 ID uint64 identity', '2 username string', '3 auth_revision uint64'],
  'etcdserverpb.InternalRaftRequest': [
    '1 ID uint64 identity',
    '2 v2 etcdserverpb.Request',
    '3 range etcdserverpb.RangeRequest',
    '4 put etcdserverpb.PutRequest',
    '5 delete_range etcdserverpb.DeleteRangeRequest',
    '6 txn etcdserverpb.TxnRequest',
    '7 compaction etcdserverpb.CompactionRequest',
    '8 lease_grant etcdserverpb.LeaseGrantRequest',
    '9 lease_revoke etcdserverpb.LeaseRevokeRequest',
    '10 alarm etcdserverpb.AlarmRequest',
    '11 lease_checkpoint etcdserverpb.LeaseCheckpointRequest',
    '100 header etcdserverpb.RequestHeader',
    '1000 auth_enable etcdserverpb.AuthEnableRequest',
    '1011 auth_disable etcdserverpb.AuthDisableRequest',
    '1012 authenticate etcdserverpb.InternalAuthenticateRequest',
    '1013 auth_status etcdserverpb.AuthStatusRequest',
    '1100 auth_user_add etcdserverpb.AuthUserAddRequest',
    '1101 auth_user_delete etcdserverpb.AuthUserDeleteRequest',
    '1102 auth_user_get etcdserverpb.AuthUserGetRequest',
    '1103 auth_user_change_password etcdserverpb.AuthUserChangePasswordRequest',
    '1104 auth_user_grant_role etcdserverpb.AuthUserGrantRoleRequest',
    '1105 auth_user_revoke_role etcdserverpb.AuthUserRevokeRoleRequest',
    '1106 auth_user_list etcdserverpb.AuthUserListRequest',
    '1107 auth_role_list etcdserverpb.AuthRoleListRequest',
    '1200 auth_role_add etcdserverpb.AuthRoleAddRequest',
    '1201 auth_role_delete etcdserverpb.AuthRoleDeleteRequest',
    '1202 auth_role_get etcdserverpb.AuthRoleGetRequest',
    '1203 auth_role_grant_permission etcdserverpb.AuthRoleGrantPermissionRequest',
    '1204 auth_role_revoke_permission etcdserverpb.AuthRoleRevokePermissionRequest',
    '1300 cluster_version_set membershippb.ClusterVersionSetRequest',
    '1301 cluster_member_attr_set membershippb.ClusterMemberAttrSetRequest',
    '1302 downgrade_info_set membershippb.DowngradeInfoSetRequest',
  ],
  'etcdserverpb.EmptyResponse': [],
  'etcdserverpb.InternalAuthenticateRequest': ['1 name string', '2 password string', '3 simple_token string'],
  'membershippb.RaftAttributes': ['1 peer_urls string repeated', '2 is_learner bool'],
  'membershippb.Attributes': ['1 name string', '2 client_urls string repeated'],
  'membershippb.Member': [
    '1 ID uint64 identity',
    '2 raft_attributes membershippb.RaftAttributes',
    '3 member_attributes membershippb.Attributes',
  ],
  'membershippb.ClusterVersionSetRequest': ['1 ver string'],
  'membershippb.ClusterMemberAttrSetRequest': [
    '1 member_ID uint64 identity',
    '2 member_attributes membershippb.Attributes',
  ],
  'membershippb.DowngradeInfoSetRequest': ['1 enabled bool', '2 ver string'],
  'v3lockpb.LockRequest': ['1 name bytes', '2 lease int64 identity'],
  'v3lockpb.LockResponse': ['1 header etcdserverpb.ResponseHeader', '2 key bytes'],
  'v3lockpb.UnlockRequest': ['1 key bytes'],
  'v3lockpb.UnlockResponse': ['1 header etcdserverpb.ResponseHeader'],
  'v3electionpb.CampaignRequest': ['1 name bytes', '2 lease int64 identity', '3 value bytes'],
  'v3electionpb.CampaignResponse': ['1 header etcdserverpb.ResponseHeader', '2 leader v3electionpb.LeaderKey'],
  'v3electionpb.LeaderKey': ['1 name bytes', '2 key bytes', '3 rev int64', '4 lease int64 identity'],
  'v3electionpb.LeaderRequest': ['1 name bytes'],
  'v3electionpb.LeaderResponse': ['1 header etcdserverpb.ResponseHeader', '2 kv mvccpb.KeyValue'],
  'v3electionpb.ResignRequest': ['1 leader v3electionpb.LeaderKey'],
  'v3electionpb.ResignResponse': ['1 header etcdserverpb.ResponseHeader'],
  'v3electionpb.ProclaimRequest': ['1 leader v3electionpb.LeaderKey', '2 value bytes'],
  'v3electionpb.ProclaimResponse': ['1 header etcdserverpb.ResponseHeader'],
  'grpc.health.v1.HealthCheckRequest': ['1 service string'],
  'grpc.health.v1.HealthCheckResponse': ['1 status enum'],
  'helloworld.HelloRequest': ['1 name string'],
  'helloworld.HelloReply': ['1 message string'],
  'leasepb.Lease': ['1 ID int64 identity', '2 TTL int64', '3 RemainingTTL int64'],
  'leasepb.LeaseInternalRequest': ['1 LeaseTimeToLiveRequest etcdserverpb.LeaseTimeToLiveRequest'],
  'leasepb.LeaseInternalResponse': ['1 LeaseTimeToLiveResponse etcdserverpb.LeaseTimeToLiveResponse'],
  'raftpb.Entry': [
    '1 Type enum required',
    '2 Term uint64 required',
    '3 Index uint64 required',
    '4 Data bytes optional',
  ],
  'raftpb.ConfState': [
    '1 voters uint64 identity repeated',
    '2 learners uint64 identity repeated',
    '3 voters_outgoing uint64 identity repeated',
    '4 learners_next uint64 identity repeated',
    '5 auto_leave bool required',
  ],
  'raftpb.SnapshotMetadata': [
    '1 conf_state raftpb.ConfState required',
    '2 index uint64 required',
    '3 term uint64 required',
  ],
  'raftpb.Snapshot': ['1 data bytes optional', '2 metadata raftpb.SnapshotMetadata required'],
  'raftpb.Message': [
    '1 type enum required',
    '2 to uint64 identity required',
    '3 from uint64 identity required',
    '4 term uint64 required',
    '5 logTerm uint64 required',
    '6 index uint64 required',
    '7 entries raftpb.Entry repeated',
    '8 commit uint64 required',
    '9 snapshot raftpb.Snapshot required',
    '10 reject bool required',
    '11 rejectHint uint64 required',
    '12 context bytes optional',
  ],
  'raftpb.HardState': ['1 term uint64 required', '2 vote uint64 identity required', '3 commit uint64 required'],
  'raftpb.ConfChange': [
    '1 id uint64 identity required',
    '2 type enum required',
    '3 node_id uint64 identity required',
    '4 context bytes optional',
  ],
  'raftpb.ConfChangeSingle': ['1 type enum required', '2 node_id uint64 identity required'],
  'raftpb.ConfChangeV2': [
    '1 transition enum required',
    '2 changes raftpb.ConfChangeSingle repeated',
    '3 context bytes optional',
  ],
  'snappb.Snapshot': ['1 crc uint32 required', '2 data bytes optional'],
  'walpb.Record': ['1 type int64 required', '2 crc uint32 required', '3 data bytes optional'],
  'walpb.Snapshot': ['1 index uint64 required', '2 term uint64 required', '3 conf_state raftpb.ConfState optional'],
};

/** etcdserverpb.KV */
export const KVService = {
  name: 'etcdserverpb.KV',
  methods: {
    Range: {
      request: 'etcdserverpb.RangeRequest',
      response: 'etcdserverpb.RangeResponse',
      requestStream: false,
      responseStream: false,
    },
    Put: {
      request: 'etcdserverpb.PutRequest',
      response: 'etcdserverpb.PutResponse',
      requestStream: false,
      responseStream: false,
    },
    DeleteRange: {
      request: 'etcdserverpb.DeleteRangeRequest',
      response: 'etcdserverpb.DeleteRangeResponse',
      requestStream: false,
      responseStream: false,
    },
    Txn: {
      request: 'etcdserverpb.TxnRequest',
      response: 'etcdserverpb.TxnResponse',
      requestStream: false,
      responseStream: false,
    },
    Compact: {
      request: 'etcdserverpb.CompactionRequest',
      response: 'etcdserverpb.CompactionResponse',
      requestStream: false,
      responseStream: false,
    },
  },
} as const;

/** etcdserverpb.Watch */
export const WatchService = {
  name: 'etcdserverpb.Watch',
  methods: {
    Watch: {
      request: 'etcdserverpb.WatchRequest',
      response: 'etcdserverpb.WatchResponse',
      requestStream: true,
      responseStream: true,
    },
  },
} as const;

/** etcdserverpb.Lease */
export const LeaseService = {
  name: 'etcdserverpb.Lease',
  methods: {
    LeaseGrant: {
      request: 'etcdserverpb.LeaseGrantRequest',
      response: 'etcdserverpb.LeaseGrantResponse',
      requestStream: false,
      responseStream: false,
    },
    LeaseRevoke: {
      request: 'etcdserverpb.LeaseRevokeRequest',
      response: 'etcdserverpb.LeaseRevokeResponse',
      requestStream: false,
      responseStream: false,
    },
    LeaseKeepAlive: {
      request: 'etcdserverpb.LeaseKeepAliveRequest',
      response: 'etcdserverpb.LeaseKeepAliveResponse',
      requestStream: true,
      responseStream: true,
    },
    LeaseTimeToLive: {
      request: 'etcdserverpb.LeaseTimeToLiveRequest',
      response: 'etcdserverpb.LeaseTimeToLiveResponse',
      requestStream: false,
      responseStream: false,
    },
    LeaseLeases: {
      request: 'etcdserverpb.LeaseLeasesRequest',
      response: 'etcdserverpb.LeaseLeasesResponse',
      requestStream: false,
      responseStream: false,
    },
  },
} as const;

/** etcdserverpb.Cluster */
export const ClusterService = {
  name: 'etcdserverpb.Cluster',
  methods: {
    MemberAdd: {
      request: 'etcdserverpb.MemberAddRequest',
      response: 'etcdserverpb.MemberAddResponse',
      requestStream: false,
      responseStream: false,
    },
    MemberRemove: {
      request: 'etcdserverpb.MemberRemoveRequest',
      response: 'etcdserverpb.MemberRemoveResponse',
      requestStream: false,
      responseStream: false,
    },
    MemberUpdate: {
      request: 'etcdserverpb.MemberUpdateRequest',
      response: 'etcdserverpb.MemberUpdateResponse',
      requestStream: false,
      responseStream: false,
    },
    MemberList: {
      request: 'etcdserverpb.MemberListRequest',
      response: 'etcdserverpb.MemberListResponse',
      requestStream: false,
      responseStream: false,
    },
    MemberPromote: {
      request: 'etcdserverpb.MemberPromoteRequest',
      response: 'etcdserverpb.MemberPromoteResponse',
      requestStream: false,
      responseStream: false,
    },
  },
} as const;

/** etcdserverpb.Maintenance */
export const MaintenanceService = {
  name: 'etcdserverpb.Maintenance',
  methods: {
    Alarm: {
      request: 'etcdserverpb.AlarmRequest',
      response: 'etcdserverpb.AlarmResponse',
      requestStream: false,
      responseStream: false,
    },
    Status: {
      request: 'etcdserverpb.StatusRequest',
      response: 'etcdserverpb.StatusResponse',
      requestStream: false,
      responseStream: false,
    },
    Defragment: {
      request: 'etcdserverpb.DefragmentRequest',
      response: 'etcdserverpb.DefragmentResponse',
      requestStream: false,
      responseStream: false,
    },
    Hash: {
      request: 'etcdserverpb.HashRequest',
      response: 'etcdserverpb.HashResponse',
      requestStream: false,
      responseStream: false,
    },
    HashKV: {
      request: 'etcdserverpb.HashKVRequest',
      response: 'etcdserverpb.HashKVResponse',
      requestStream: false,
      responseStream: false,
    },
    Snapshot: {
      request: 'etcdserverpb.SnapshotRequest',
      response: 'etcdserverpb.SnapshotResponse',
      requestStream: false,
      responseStream: true,
    },
    MoveLeader: {
      request: 'etcdserverpb.MoveLeaderRequest',
      response: 'etcdserverpb.MoveLeaderResponse',
      requestStream: false,
      responseStream: false,
    },
    Downgrade: {
      request: 'etcdserverpb.DowngradeRequest',
      response: 'etcdserverpb.DowngradeResponse',
      requestStream: false,
      responseStream: false,
    },
  },
} as const;

/** etcdserverpb.Auth */
export const AuthService = {
  name: 'etcdserverpb.Auth',
  methods: {
    AuthEnable: {
      request: 'etcdserverpb.AuthEnableRequest',
      response: 'etcdserverpb.AuthEnableResponse',
      requestStream: false,
      responseStream: false,
    },
    AuthDisable: {
      request: 'etcdserverpb.AuthDisableRequest',
      response: 'etcdserverpb.AuthDisableResponse',
      requestStream: false,
      responseStream: false,
    },
    AuthStatus: {
      request: 'etcdserverpb.AuthStatusRequest',
      response: 'etcdserverpb.AuthStatusResponse',
      requestStream: false,
      responseStream: false,
    },
    Authenticate: {
      request: 'etcdserverpb.AuthenticateRequest',
      response: 'etcdserverpb.AuthenticateResponse',
      requestStream: false,
      responseStream: false,
    },
    UserAdd: {
      request: 'etcdserverpb.AuthUserAddRequest',
      response: 'etcdserverpb.AuthUserAddResponse',
      requestStream: false,
      responseStream: false,
    },
    UserGet: {
      request: 'etcdserverpb.AuthUserGetRequest',
      response: 'etcdserverpb.AuthUserGetResponse',
      requestStream: false,
      responseStream: false,
    },
    UserList: {
      request: 'etcdserverpb.AuthUserListRequest',
      response: 'etcdserverpb.AuthUserListResponse',
      requestStream: false,
      responseStream: false,
    },
    UserDelete: {
      request: 'etcdserverpb.AuthUserDeleteRequest',
      response: 'etcdserverpb.AuthUserDeleteResponse',
      requestStream: false,
      responseStream: false,
    },
    UserChangePassword: {
      request: 'etcdserverpb.AuthUserChangePasswordRequest',
      response: 'etcdserverpb.AuthUserChangePasswordResponse',
      requestStream: false,
      responseStream: false,
    },
    UserGrantRole: {
      request: 'etcdserverpb.AuthUserGrantRoleRequest',
      response: 'etcdserverpb.AuthUserGrantRoleResponse',
      requestStream: false,
      responseStream: false,
    },
    UserRevokeRole: {
      request: 'etcdserverpb.AuthUserRevokeRoleRequest',
      response: 'etcdserverpb.AuthUserRevokeRoleResponse',
      requestStream: false,
      responseStream: false,
    },
    RoleAdd: {
      request: 'etcdserverpb.AuthRoleAddRequest',
      response: 'etcdserverpb.AuthRoleAddResponse',
      requestStream: false,
      responseStream: false,
    },
    RoleGet: {
      request: 'etcdserverpb.AuthRoleGetRequest',
      response: 'etcdserverpb.AuthRoleGetResponse',
      requestStream: false,
      responseStream: false,
    },
    RoleList: {
      request: 'etcdserverpb.AuthRoleListRequest',
      response: 'etcdserverpb.AuthRoleListResponse',
      requestStream: false,
      responseStream: false,
    },
    RoleDelete: {
      request: 'etcdserverpb.AuthRoleDeleteRequest',
      response: 'etcdserverpb.AuthRoleDeleteResponse',
      requestStream: false,
      responseStream: false,
    },
    RoleGrantPermission: {
      request: 'etcdserverpb.AuthRoleGrantPermissionRequest',
      response: 'etcdserverpb.AuthRoleGrantPermissionResponse',
      requestStream: false,
      responseStream: false,
    },
    RoleRevokePermission: {
      request: 'etcdserverpb.AuthRoleRevokePermissionRequest',
      response: 'etcdserverpb.AuthRoleRevokePermissionResponse',
      requestStream: false,
      responseStream: false,
    },
  },
} as const;

/** v3lockpb.Lock */
export const LockService = {
  name: 'v3lockpb.Lock',
  methods: {
    Lock: {
      request: 'v3lockpb.LockRequest',
      response: 'v3lockpb.LockResponse',
      requestStream: false,
      responseStream: false,
    },
    Unlock: {
      request: 'v3lockpb.UnlockRequest',
      response: 'v3lockpb.UnlockResponse',
      requestStream: false,
      responseStream: false,
    },
  },
} as const;

/** v3electionpb.Election */
export const ElectionService = {
  name: 'v3electionpb.Election',
  methods: {
    Campaign: {
      request: 'v3electionpb.CampaignRequest',
      response: 'v3electionpb.CampaignResponse',
      requestStream: false,
      responseStream: false,
    },
    Proclaim: {
      request: 'v3electionpb.ProclaimRequest',
      response: 'v3electionpb.ProclaimResponse',
      requestStream: false,
      responseStream: false,
    },
    Leader: {
      request: 'v3electionpb.LeaderRequest',
      response: 'v3electionpb.LeaderResponse',
      requestStream: false,
      responseStream: false,
    },
    Observe: {
      request: 'v3electionpb.LeaderRequest',
      response: 'v3electionpb.LeaderResponse',
      requestStream: false,
      responseStream: true,
    },
    Resign: {
      request: 'v3electionpb.ResignRequest',
      response: 'v3electionpb.ResignResponse',
      requestStream: false,
      responseStream: false,
    },
  },
} as const;

/** grpc.health.v1.Health */
export const HealthService = {
  name: 'grpc.health.v1.Health',
  methods: {
    Check: {
      request: 'grpc.health.v1.HealthCheckRequest',
      response: 'grpc.health.v1.HealthCheckResponse',
      requestStream: false,
      responseStream: false,
    },
    Watch: {
      request: 'grpc.health.v1.HealthCheckRequest',
      response: 'grpc.health.v1.HealthCheckResponse',
      requestStream: false,
      responseStream: true,
    },
  },
} as const;

/** helloworld.Greeter */
export const GreeterService = {
  name: 'helloworld.Greeter',
  methods: {
    SayHello: {
      request: 'helloworld.HelloRequest',
      response: 'helloworld.HelloReply',
      requestStream: false,
      responseStream: false,
    },
    SayHelloInLanguages: {
      request: 'helloworld.HelloRequest',
      response: 'helloworld.HelloReply',
      requestStream: false,
      responseStream: true,
    },
    SayHelloToEach: {
      request: 'helloworld.HelloRequest',
      response: 'helloworld.HelloReply',
      requestStream: true,
      responseStream: true,
    },
  },
} as const;
