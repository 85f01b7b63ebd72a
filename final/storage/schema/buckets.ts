// The buckets of a member's database, all of which exist from its first start on (spec/storage.md 8.8, 9). Mirrors etcd's
// schema/bucket.go.

export const Buckets = {
  key: 'key',
  meta: 'meta',
  lease: 'lease',
  alarm: 'alarm',
  cluster: 'cluster',
  members: 'members',
  membersRemoved: 'members_removed',
  auth: 'auth',
  authUsers: 'authUsers',
  authRoles: 'authRoles',
} as const;

export type BucketName = (typeof Buckets)[keyof typeof Buckets];

/** In the order in which etcd makes them. */
export const ALL_BUCKETS: readonly BucketName[] = [
  Buckets.members,
  Buckets.membersRemoved,
  Buckets.cluster,
  Buckets.lease,
  Buckets.auth,
  Buckets.authUsers,
  Buckets.authRoles,
  Buckets.key,
  Buckets.meta,
  Buckets.alarm,
];
