/** Opens the interfaces that a command was given, and says why where it cannot. */
import { nearest } from '../net/nearest.ts';
import type { Filter } from '../pipeline/filters.ts';
import {
  type Caller,
  dropPrivilege,
  firstInterface,
  type LiveCapture,
  NativeUnavailable,
  NoSuchInterface,
  openLive,
  SystemCallError,
} from '../pipeline/live.ts';
import { INCOMPLETE, INPUT, PRIVILEGE, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { filterFailure } from './filter-option.ts';
import type { LiveOptions } from './interface-options.ts';

export interface OpenedLive extends LiveCapture {
  /** Who the program runs as from here on, where that changed. */
  readonly caller: Caller | undefined;
}

/** Opens the interfaces, then gives up root. Throws `Failure`. */
export function openInterfaces(
  options: LiveOptions,
  filter: Filter | undefined,
  snapLength?: number,
): OpenedLive {
  const first = firstInterface();
  const names = options.i ?? (first === undefined ? [] : [first]);
  if (names.length === 0) {
    throw new Failure(INPUT, {
      what: 'there is no interface to capture from',
      why: 'this machine lists none that is up',
      ways: ['-r FILE reads a capture file', 'another program may pipe one: -r -'],
    });
  }
  try {
    const capture = openLive({
      interfaces: [...new Set(names)],
      ...(filter === undefined ? {} : { filter }),
      ...(options.promiscuous === false ? { promiscuous: false } : {}),
      ...(snapLength === undefined || snapLength === 0 ? {} : { snapLength }),
      ...(options.B === undefined ? {} : { ringOctets: options.B * 1024 }),
    });
    return { ...capture, caller: dropPrivilege() };
  } catch (error) {
    throw liveFailure(filterFailure(error, filter?.parsed.text ?? ''), names);
  }
}

function liveFailure(error: unknown, names: readonly string[]): unknown {
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
  if (!(error instanceof SystemCallError)) return error;
  if (error.code === 'EPERM' || error.code === 'EACCES') return denied(where);
  return new Failure(INPUT, {
    what: `cannot capture on ${where}`,
    why: `${error.call} failed: ${error.code}`,
    ways: error.code === 'ENOMEM' ? ['use a smaller ring: -B 4096'] : ['portreeve capture -D'],
  });
}

function denied(where: string): Failure {
  const user = process.getuid?.() ?? 0;
  return new Failure(PRIVILEGE, {
    what: `cannot capture on ${where}: permission denied (EPERM)`,
    why: `capturing needs CAP_NET_RAW; this runs as user ${user}`,
    ways: [
      'sudo portreeve …: opens the interface, then becomes you before it reads a packet',
      'sudo capsh --user=$USER --caps=cap_net_raw+eip --keep=1 --addamb=cap_net_raw -- -c "portreeve …"',
      `sudo tcpdump -i ${where.split(',')[0]} -w - | portreeve assess -`,
    ],
  });
}
