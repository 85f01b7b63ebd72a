// Which etcd this is: clients choose features by it.

/** The release whose behaviour the server follows; kube-apiserver relies on what came with 3.5.13. */
export const ETCD_VERSION = '3.5.30';

/** The version that all members of the cluster agree on; its patch number is 0. */
export const CLUSTER_VERSION = '3.5.0';
