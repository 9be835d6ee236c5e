/** Why something could not be written, in words. */

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: "the user's quota is used up",
  EFBIG: 'the file would be larger than it may be',
  EROFS: 'its file system is mounted read-only',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  ENOENT: 'it lies in a folder that does not exist',
  ENOTDIR: 'something above it is a file',
  EISDIR: 'it is a folder',
  ENAMETOOLONG: 'its name is too long',
};

/** `the disk is full`; what the system says where there are no words for it. */
export function writeFailure(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? message;
}

/** Nobody reads a stream any more: a pipe that was closed, a terminal that is gone. */
export function isReaderGone({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'EIO';
}
