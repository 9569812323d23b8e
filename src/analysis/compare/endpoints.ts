/** Which of a host's sockets serve an address and port, and which others use the same port. */
import type { HostSide } from '../../model/comparison.ts';
import type { Listener } from '../../model/listener.ts';
import type { Transport } from '../../model/transport.ts';

export interface Place {
  readonly address: string;
  readonly transport: Transport;
  readonly port: number;
}

export interface Sockets {
  /** Of the host's own namespace, and bound so that they take what comes to the address. */
  readonly covering: readonly Listener[];
  /** The same port on other addresses or the other family. */
  readonly elsewhere: readonly Listener[];
  /** The same port in other network namespaces. */
  readonly otherNetworks: readonly Listener[];
}

/** A TCP socket that is bound and does not listen serves nobody. */
export function isServing({ local, state }: Listener): boolean {
  return local.transport !== 'tcp' || state === 'listening';
}

/** Look-up by transport and port, made once for a host. */
export class SocketIndex {
  private readonly byPort = new Map<string, Listener[]>();

  constructor({ listeners }: HostSide) {
    for (const listener of listeners) {
      const { transport, port } = listener.local;
      if (transport === 'raw' || transport === 'packet' || !isServing(listener)) continue;
      const key = `${transport} ${port}`;
      const list = this.byPort.get(key);
      if (list === undefined) this.byPort.set(key, [listener]);
      else list.push(listener);
    }
  }

  at(place: Place): Sockets {
    const covering: Listener[] = [];
    const elsewhere: Listener[] = [];
    const otherNetworks: Listener[] = [];
    for (const listener of this.byPort.get(`${place.transport} ${place.port}`) ?? []) {
      if (listener.network !== undefined) otherNetworks.push(listener);
      else if (covers(listener, place.address)) covering.push(listener);
      else elsewhere.push(listener);
    }
    return { covering, elsewhere, otherNetworks };
  }
}

function bare(address: string): string {
  return address.replace(/%.*$/, '');
}

/** Whether a socket takes what is sent to that address of its host. */
function covers({ local, exposure, acceptsIPv4 }: Listener, address: string): boolean {
  const six = address.includes(':');
  if (exposure !== 'every-address') return bare(local.address) === bare(address);
  if (!local.address.includes(':')) return !six;
  return six || acceptsIPv4 === 'yes' || acceptsIPv4 === 'probably' || acceptsIPv4 === 'unknown';
}

/** Whether a socket on `::` is known to refuse IPv4. */
export function isIPv6Only({ local, acceptsIPv4 }: Listener): boolean {
  return local.address.includes(':') && (acceptsIPv4 === 'no' || acceptsIPv4 === 'probably-not');
}

/** `0.0.0.0:22 by sshd (700)`. */
export function describeListener({ local, owner, network, device }: Listener): string {
  const host = local.address.includes(':') ? `[${local.address}]` : local.address;
  const place = `${host}:${local.port}${device === undefined ? '' : ` on ${device}`}`;
  const where = network === undefined ? place : `${place} in ${network}`;
  if (owner.kind === 'kernel') return `${where} by the kernel`;
  if (owner.kind === 'unknown') return `${where}, owner not known`;
  const [first] = owner.processes;
  const name = first?.services?.join(', ') ?? (first?.name || 'process');
  return `${where} by ${name}${first?.pid === undefined ? '' : ` (${first.pid})`}`;
}
