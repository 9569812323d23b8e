/** Who holds a socket, in words for people and in values for programs. */
import type { Listener, Owner, OwnerUnknown } from '../model/listener.ts';
import type { Process } from '../model/process.ts';
import type { User } from '../model/user.ts';
import type { Plain } from '../report/table.ts';

/** None where the owner is the kernel, or not known. */
export function processesOf(owner: Owner): readonly Process[] {
  return owner.kind === 'processes' ? owner.processes : [];
}

const UNKNOWN: Readonly<Record<OwnerUnknown, string>> = {
  privilege: '(not permitted)',
  'hidden-processes': '(hidden)',
  'pid-namespace': '(outside)',
  gone: '(ended)',
  'not-shown': '(not shown)',
  'not-named': '(not named)',
};

/** What stands in parentheses is no process: why there is none to name. */
export function processText(owner: Owner): string {
  if (owner.kind === 'kernel') return '(kernel)';
  if (owner.kind === 'unknown') return UNKNOWN[owner.because];
  const [first, second] = owner.processes;
  if (first !== undefined && second === undefined) return nameOf(first);
  return [...new Set(owner.processes.map(nameOf))].join(', ');
}

/** A Windows service says more than the program that hosts it. */
function nameOf({ name, pid, services }: Process): string {
  const program = name === '' ? `process ${pid ?? '?'}` : name;
  return services === undefined ? program : `${program} (${services.join(', ')})`;
}

/** The first one, and how many more hold the same socket. */
export function pidText([first, ...others]: readonly Process[]): string {
  if (first === undefined) return '-';
  return others.length === 0 ? String(first.pid ?? '-') : `${first.pid ?? '-'} +${others.length}`;
}

/** Where a process belongs: its container, else the unit of systemd. */
export function placeOf({ container, unit, unitOf }: Process): string | undefined {
  if (container !== undefined) return `${container.runtime} ${container.id}`;
  return unitOf === undefined ? unit : `${unit} of user ${unitOf}`;
}

/** Whose rights the processes have; without processes, who created the socket. */
export function userText({ owner, user }: Pick<Listener, 'owner' | 'user'>): string {
  const processes = processesOf(owner);
  if (processes.length === 1) return nameOfUser(processes[0]!.user ?? user);
  const users = processes.flatMap((process) => process.user ?? []);
  if (users.length === 0) return nameOfUser(user);
  return [...new Set(users.map(nameOfUser))].join(', ');
}

function nameOfUser(user: User | undefined): string {
  return user === undefined ? '-' : (user.name ?? String(user.uid));
}

/** For programs: who created the socket, null where that is not known. */
export function plainCreator({ user }: Pick<Listener, 'user'>): Plain {
  return user === undefined ? null : plainUser(user);
}

function plainUser({ uid, name }: User): Plain {
  return { uid, name };
}

/** In JSON; what is not known is left out. */
export function plainProcess({ container, user, ...rest }: Process): Plain {
  return { ...rest, user: user && plainUser(user), container: container && { ...container } };
}

/** What programs get of an owner. */
interface PlainOwner {
  readonly pids: readonly (number | null)[];
  /** Units and containers of its processes. */
  readonly places: readonly string[];
  readonly processes: readonly Plain[];
}

/** The same values for the same owner, which most sockets of a process share. */
export function plainOwner(owner: Owner): PlainOwner {
  let plain = PLAIN.get(owner);
  if (plain === undefined) {
    const processes = processesOf(owner);
    plain = {
      pids: processes.map(({ pid }) => pid ?? null),
      places: [...new Set(processes.flatMap((process) => placeOf(process) ?? []))],
      processes: processes.map(plainProcess),
    };
    PLAIN.set(owner, plain);
  }
  return plain;
}

const PLAIN = new WeakMap<Owner, PlainOwner>();
