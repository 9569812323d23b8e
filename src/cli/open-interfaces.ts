/** Opens the interfaces that a command was given, and says why where it cannot. */
import { nearest } from '../net/nearest.ts';
import type { Filter } from '../pipeline/filters.ts';
import {
  firstInterface,
  type LiveCapture,
  NativeUnavailable,
  NoSuchInterface,
  type OpenedInterfaces,
  openInterfaces,
  PcapFailure,
  readInterfaces,
  SystemCallError,
} from '../pipeline/live.ts';
import {
  type Caller,
  dropPrivilege,
  endPrivilege,
  enterPrivateRuntime,
} from '../pipeline/privilege.ts';
import { printable } from '../report/escape.ts';
import { INCOMPLETE, INPUT, PRIVILEGE, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { filterFailure } from './filter-option.ts';
import type { LiveOptions } from './interface-options.ts';

/** Interfaces that were opened, and who this runs as since. */
export interface Opened extends OpenedInterfaces {
  readonly filter: Filter | undefined;
  /** Who the program runs as from here on, where that changed. */
  readonly caller: Caller | undefined;
}

/** Opens the interfaces, then gives up root. Throws `Failure`. */
export function openLive(
  options: LiveOptions,
  filter: Filter | undefined,
  snapLength?: number,
): Opened {
  const names = namesOf(options);
  try {
    const opened = openInterfaces({
      interfaces: names,
      ...(filter === undefined ? {} : { filter }),
      ...(options.promiscuous === false ? { promiscuous: false } : {}),
      ...(snapLength === undefined || snapLength === 0 ? {} : { snapLength }),
      ...(options.B === undefined ? {} : { ringOctets: options.B * 1024 }),
      ...(options.fanout === undefined ? {} : { fanout: options.fanout }),
      ...(options.engine === undefined ? {} : { engine: options.engine }),
    });
    return { ...opened, filter, caller: dropPrivilege() };
  } catch (error) {
    // A private copy of the runtime may be allowed what this one is not.
    if (isDenied(error)) enterPrivateRuntime();
    throw liveFailure(filterFailure(error, filter?.parsed.text ?? ''), names);
  }
}

/** The interfaces that are meant. Throws `Failure` where there is none. */
export function namesOf({ i, engine }: LiveOptions): string[] {
  if (i !== undefined) return [...new Set(i)];
  let first: string | undefined;
  try {
    first = firstInterface(engine);
  } catch (error) {
    throw liveFailure(error, []);
  }
  if (first !== undefined) return [first];
  throw new Failure(INPUT, {
    what: 'there is no interface to capture from',
    why: 'this machine lists none that is up',
    ways: ['-r FILE reads a capture file', 'another program may pipe one: -r -'],
  });
}

function isDenied(error: unknown): boolean {
  if (error instanceof PcapFailure) return error.denied;
  return error instanceof SystemCallError && (error.code === 'EPERM' || error.code === 'EACCES');
}

/** Begins to take frames, and says on standard error from where, and where they go. */
export async function readLive(opened: Opened, goal = ''): Promise<LiveCapture> {
  let capture: LiveCapture;
  try {
    capture = readInterfaces(opened, opened.filter);
    await capture.live.start();
  } catch (error) {
    throw liveFailure(error, []);
  }
  announce(opened, goal);
  return capture;
}

/** Once frames are taken: says on standard error from where, and where they go. */
export function announce({ names, filteredHere, caller }: Opened, goal: string): void {
  endPrivilege();
  process.stderr.write(`capturing on ${printable(names.join(', ') + goal)}; Ctrl-C ends it\n`);
  if (caller !== undefined) process.stderr.write(`running as ${caller.name} from here on\n`);
  if (filteredHere !== undefined) {
    process.stderr.write(`the filter runs in this program: ${filteredHere}\n`);
  }
}

/** What went wrong with an interface, as people are told it; any other error unchanged. */
export function liveFailure(error: unknown, names: readonly string[]): unknown {
  const where = names.join(', ');
  if (error instanceof NoSuchInterface) {
    const wanted = names.find((name) => !error.known.includes(name)) ?? '';
    const guess = nearest(wanted, error.known);
    return new Failure(USAGE, {
      what: error.message,
      why: `there are: ${error.known.join(', ')}`,
      ways: guess === undefined ? ['portreeve capture -D lists them'] : [`-i ${guess}`],
    });
  }
  if (error instanceof NativeUnavailable) {
    return new Failure(INCOMPLETE, {
      what: 'cannot capture from the network here',
      why: error.message,
      ways: ['pipe a capture: tcpdump -w - | portreeve assess -'],
    });
  }
  if (isDenied(error)) return denied(where);
  if (error instanceof PcapFailure) {
    return new Failure(INPUT, {
      what: `cannot capture on ${printable(where)}`,
      why: `libpcap says: ${printable(error.message)}`,
      ways: ['portreeve capture -D lists the interfaces'],
    });
  }
  if (!(error instanceof SystemCallError)) return error;
  return new Failure(INPUT, {
    what: `cannot capture on ${where}`,
    why: `${error.call} failed: ${error.code}`,
    ways: error.code === 'ENOMEM' ? ['use a smaller ring: -B 4096'] : ['portreeve capture -D'],
  });
}

function denied(where: string): Failure {
  const what = `cannot capture on ${where}: permission denied (EPERM)`;
  const pipe = `sudo tcpdump -i ${where.split(',')[0]} -w - | portreeve assess -`;
  if (process.platform !== 'linux') {
    const why = 'capturing needs root, or permission to read /dev/bpf*';
    return new Failure(PRIVILEGE, { what, why, ways: ['sudo portreeve …', pipe] });
  }
  return new Failure(PRIVILEGE, {
    what,
    why: `capturing needs CAP_NET_RAW; this runs as user ${process.getuid?.() ?? 0}`,
    ways: [
      'sudo portreeve …: opens the interface, then becomes you before it reads a packet',
      'sudo portreeve setup-capture, once: then members of your group need no sudo',
      'sudo setpriv --reuid=$USER --init-groups --inh-caps=+net_raw --ambient-caps=+net_raw portreeve …',
      pipe,
    ],
  });
}
