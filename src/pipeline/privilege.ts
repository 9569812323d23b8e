/**
 * Where the right to capture comes from, and how it is given up again: sudo, capabilities, or a
 * private copy of the runtime that has the one capability on its file, so that the system's own
 * stays without.
 */
import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isRefusal } from '../native/libc.ts';
import {
  becomeProgram,
  CAP_NET_RAW,
  dropCapabilities,
  hasCapability,
} from '../native/privileges.ts';
import { allowHurry, endHurry } from '../native/thread-turns.ts';

interface GroupsOf {
  initgroups(user: string, group: number): void;
}

/** Who called sudo. */
export interface Caller {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/** The user who called sudo; undefined where this does not run under it as root. */
export function callerOfSudo(): Caller | undefined {
  const { SUDO_UID, SUDO_GID, SUDO_USER } = process.env;
  const uid = Number(SUDO_UID);
  const gid = Number(SUDO_GID);
  if (process.getuid?.() !== 0 || !Number.isInteger(uid) || uid <= 0) return undefined;
  if (!Number.isInteger(gid) || gid < 0) return undefined;
  return { uid, gid, name: SUDO_USER ?? String(uid) };
}

/**
 * Under sudo, becomes the user who called it, for good; undefined where there is nobody to
 * become. A user with capabilities gives them up. What was opened before stays open.
 */
export function dropPrivilege(): Caller | undefined {
  const caller = callerOfSudo();
  if (caller === undefined) {
    if (process.getuid?.() !== 0 && hasCapability(CAP_NET_RAW)) dropCapabilities();
    return undefined;
  }
  const { uid, gid, name } = caller;
  if (process.platform === 'linux') allowHurry();
  try {
    (process as unknown as GroupsOf).initgroups(name, gid);
  } catch {
    process.setgroups!([gid]);
  }
  process.setgid!(gid);
  process.setuid!(uid);
  return caller;
}

/** Once the threads that read are there, nothing that is started later gets more than its caller. */
export function endPrivilege(): void {
  endHurry();
}

const FOLDER = '/usr/local/lib/portreeve';
const NAME = 'capture-node';

/** Where the private copy of the runtime is. `PORTREEVE_CAPTURE_FOLDER` names another folder. */
function privateRuntime(): string {
  return join(process.env.PORTREEVE_CAPTURE_FOLDER ?? FOLDER, NAME);
}

/**
 * Runs this program again in the private copy, in the same process, where there is one that this
 * user may run. Returns where there is none, or this is it already.
 */
export function enterPrivateRuntime(): void {
  const path = privateRuntime();
  try {
    accessSync(path, constants.X_OK);
    if (realpathSync(path) === realpathSync(process.execPath)) return;
    becomeProgram(path, [path, ...process.execArgv, ...process.argv.slice(1)]);
  } catch (error) {
    if (isRefusal(error)) return;
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

/** Commands that make the private copy, and those that take it away, as a shell would have them. */
export interface RuntimePlan {
  readonly path: string;
  readonly make: readonly (readonly string[])[];
  readonly undo: readonly (readonly string[])[];
  readonly exists: boolean;
}

/** @param group whose members may run the copy: a name or a number */
export function planRuntime(group: string): RuntimePlan {
  const path = privateRuntime();
  const folder = dirname(path);
  return {
    path,
    make: [
      ...(existsSync(folder) ? [] : [['install', '-d', '-m', '0755', folder]]),
      ['install', '-m', '0750', '-o', 'root', '-g', group, process.execPath, path],
      ['setcap', 'cap_net_raw=ep', path],
    ],
    undo: [
      ['rm', '-f', path],
      ['rmdir', '--ignore-fail-on-non-empty', folder],
    ],
    exists: existsSync(path),
  };
}
