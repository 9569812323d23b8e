/** Sockets of this machine, of another one, or as other tools told of them. */
import type { BlindSpot } from '../model/blind-spot.ts';
import type { SocketView } from '../sources/sockets/socket-view.ts';
import type { SshChoices } from '../sources/sockets/ssh.ts';

export type { SocketView };

/** Whether `viewSockets` can look at this machine. */
export function canViewSockets(): boolean {
  return process.platform === 'linux';
}

export interface SocketChoices {
  /** Sockets that talk to one peer too. */
  readonly connections?: boolean;
  /** Name the packages that own the programs. */
  readonly packages?: boolean;
  /** Of processes only what a table for people shows. */
  readonly brief?: boolean;
  /** Read the machine's packet filter and hold each listener against it. */
  readonly firewall?: boolean;
}

/** The sockets of another machine over ssh. Rejects with `SshError`. */
export async function viewSocketsBySsh(choices: SshChoices): Promise<SocketView> {
  const { readSocketsBySsh } = await import('../sources/sockets/ssh.ts');
  return readSocketsBySsh(choices);
}

/** The listening and bound sockets of this machine. Rejects with `SocketTablesError`. */
export async function viewSockets(choices: SocketChoices = {}): Promise<SocketView> {
  const { readLinuxSockets } = await import('../sources/sockets/linux.ts');
  const { brief = false, packages = false } = choices;
  const seen = readLinuxSockets({ ...choices, brief: brief && !packages });
  const view = packages ? await packagedView(seen) : seen;
  return choices.firewall ? filteredView(view) : view;
}

/** Names the packages that own the programs, which takes a while. */
async function packagedView(view: SocketView): Promise<SocketView> {
  const { withPackages } = await import('../sources/sockets/package-names.ts');
  return { ...view, listeners: withPackages(view.listeners) };
}

/** Adds what the host's own packet filter lets through, or that it could not be read. */
async function filteredView(view: SocketView): Promise<SocketView> {
  const { canBeFirewalled, withFirewall } = await import('../analysis/firewalled-listeners.ts');
  const others = view.blindSpots.filter(({ id }) => id !== 'firewall-rules');
  if (!view.listeners.some(canBeFirewalled)) return { ...view, blindSpots: others };
  const { readFirewall } = await import('../sources/sockets/firewall/read-firewall.ts');
  const reading = readFirewall();
  if (reading.kind === 'read') {
    return { ...view, listeners: withFirewall(view.listeners, reading.filter), blindSpots: others };
  }
  const { because, remedy } = reading;
  const spot: BlindSpot = {
    id: 'firewall-rules',
    what: "whether the machine's own firewall lets others in",
    because,
    ...(remedy === undefined ? {} : { remedy }),
    missing: false,
  };
  return { ...view, blindSpots: [...others, spot] };
}

/**
 * Sockets from the saved or pasted output of other tools (`-` = standard input). Rejects with
 * `ForeignInputError` when an input cannot be read or nothing in it is recognised.
 */
export async function readSocketFiles(names: readonly string[]): Promise<SocketView> {
  const { readForeignFiles } = await import('../sources/sockets/foreign/foreign-files.ts');
  return readForeignFiles(names);
}
