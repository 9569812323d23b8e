/** Who holds a socket, in words for people and in values for programs. */
import type { Listener, Owner, OwnerUnknown } from '../model/listener.ts';
import type { Process } from '../model/process.ts';
import type { User } from '../model/user.ts';
import type { Plain } from '../report/table.ts';

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
export function placeOf({ container, unit }: Process): string | undefined {
  return container === undefined ? unit : `${container.runtime} ${container.id}`;
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

export function creator({ user }: Pick<Listener, 'user'>): Plain {
  return user === undefined ? null : plainUser(user);
}

function plainUser({ uid, name }: User): Plain {
  return { uid, name };
}

/** In JSON; what is not known is left out. A process is put into values once. */
export function plainProcess(process: Process): Plain {
  let plain = PLAIN.get(process);
  if (plain === undefined) {
    const { container, user, ...rest } = process;
    plain = { ...rest, user: user && plainUser(user), container: container && { ...container } };
    PLAIN.set(process, plain);
  }
  return plain;
}

const PLAIN = new WeakMap<Process, Plain>();
