// What is wrong with a file, in the words of Go's os package: those that etcd's programs show.

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EEXIST: 'file exists',
  ENOTDIR: 'not a directory',
  EISDIR: 'is a directory',
  ENOTEMPTY: 'directory not empty',
  EROFS: 'read-only file system',
  ENOSPC: 'no space left on device',
  EIO: 'input/output error',
  E2BIG: 'argument list too long',
  ENOEXEC: 'exec format error',
  ENOMEM: 'cannot allocate memory',
  EAGAIN: 'resource temporarily unavailable',
  ETXTBSY: 'text file busy',
  ELOOP: 'too many levels of symbolic links',
  ENAMETOOLONG: 'file name too long',
};

/** @returns why it failed, without the file: `permission denied` */
export function goReason(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return reasons[code] ?? message;
}

/**
 * @param error of Node's file system, or any other, which is shown as it is
 * @param path for errors that do not name one: those of a file that is open
 * @returns `open a.db: no such file or directory`
 */
export function goError(error: unknown, path = ''): string {
  const {
    syscall,
    code = '',
    message,
    path: named,
    dest,
  } = error as NodeJS.ErrnoException & { readonly dest?: string };
  if (syscall === undefined || !(code in reasons)) return message;
  const files = dest === undefined ? (named ?? path) : `${named ?? path} ${dest}`;
  // A file cannot take the place of a directory: Go looks for itself, and says that one is there.
  const reason = syscall === 'rename' && code === 'EISDIR' ? 'file exists' : goReason(error);
  return `${syscall} ${files}: ${reason}`;
}
