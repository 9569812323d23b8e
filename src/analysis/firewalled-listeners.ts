/** Holds each listener that others could address against the host's own packet filter. */
import type { Listener } from '../model/listener.ts';
import type { FilterQuestion, PacketFilter, Reachability } from '../model/packet-filter.ts';
import { parseAddress } from '../net/address.ts';
import { reachability } from './host-firewall.ts';

/** Of listeners of other network namespaces, on loopback, and of frames this filter says nothing. */
export function canBeFirewalled({ local, exposure, network }: Listener): boolean {
  const { transport } = local;
  return (
    network === undefined &&
    exposure !== 'loopback' &&
    transport !== 'packet' &&
    transport !== 'raw'
  );
}

/** Listeners of which the filter says nothing are left as they are. */
export function withFirewall(listeners: readonly Listener[], filter: PacketFilter): Listener[] {
  const known = new Map<string, Reachability>();
  const ask = (question: FilterQuestion): Reachability => {
    const key = `${question.family} ${question.address ?? '*'} ${question.transport} ${question.port}`;
    let answer = known.get(key);
    if (answer === undefined) {
      answer = reachability(filter, question);
      known.set(key, answer);
    }
    return answer;
  };
  return listeners.map((listener) =>
    canBeFirewalled(listener) ? { ...listener, firewall: verdictsOf(listener, ask) } : listener,
  );
}

function verdictsOf(
  { local, exposure, acceptsIPv4 }: Listener,
  ask: (question: FilterQuestion) => Reachability,
): NonNullable<Listener['firewall']> {
  const { transport, port, address } = local;
  const six = parseAddress(address)?.family === 6;
  const place = exposure === 'every-address' ? {} : { address };
  const ipv4 = !six || acceptsIPv4 === 'yes' || acceptsIPv4 === 'probably';
  return {
    ...(ipv4 ? { ipv4: ask({ family: 4, transport, port, ...(six ? {} : place) }) } : {}),
    ...(six ? { ipv6: ask({ family: 6, transport, port, ...place }) } : {}),
  };
}
