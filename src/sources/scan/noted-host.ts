/** A host that was found, as it is noted, and as the next run takes it from the notes. */
import { networkInterfaces } from 'node:os';
import { interfaceIndex } from '../../native/sockets.ts';
import type { Address } from '../../net/address.ts';
import type { FoundHost } from './discovery.ts';
import type { NotedHost } from './journal.ts';

/** The interface by its name, since numbers are given anew. */
export function notedHost({ reason, roundTripUs, link }: FoundHost): NotedHost {
  const name = link && Object.keys(networkInterfaces()).find(hasIndex(link.interfaceIndex));
  return {
    reason,
    ...(roundTripUs === undefined ? {} : { roundTripUs }),
    ...(link && name ? { link: { mac: macText(link.mac), interfaceName: name } } : {}),
  };
}

/** Its place on the link is taken over as long as there is an interface of that name. */
export function foundBefore(number: number, address: Address, noted: NotedHost): FoundHost {
  const { link, ...rest } = noted;
  const found = { number, address, ...rest };
  const octets = link?.mac.split(':').map((octet) => Number.parseInt(octet, 16)) ?? [];
  if (link === undefined || octets.length !== 6 || octets.some(Number.isNaN)) return found;
  const index = indexOf(link.interfaceName);
  if (index === 0) return found;
  return { ...found, link: { interfaceIndex: index, mac: Uint8Array.from(octets) } };
}

/** Ethernet address as text, `02:00:5e:00:53:01`. */
export function macText(mac: Uint8Array): string {
  return Array.from(mac, (octet) => octet.toString(16).padStart(2, '0')).join(':');
}

function hasIndex(index: number): (name: string) => boolean {
  return (name) => indexOf(name) === index;
}

/** 0: there is none, or nobody can tell. */
function indexOf(name: string): number {
  try {
    return interfaceIndex(name);
  } catch {
    return 0;
  }
}
