/**
 * Writes a file whole or not at all: whoever reads it, at any moment, finds the old text or the new
 * one. The text goes to a draft beside it, which then takes its name.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Puts a regular file in the place of `path`, which must not be a link: the link would be replaced.
 * The draft's name is its own, so that others, in this process too, may write the same file.
 * Throws the runtime's error, and leaves no draft then.
 * @param mode permission bits, less the umask
 * @param lasting it must outlive a loss of power, which takes the disk milliseconds (fsync(2))
 */
export function writeWholeText(path: string, text: string, mode: number, lasting: boolean): void {
  const draft = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  const handle = openSync(draft, 'wx', mode);
  try {
    try {
      writeFileSync(handle, text);
      if (lasting) fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
