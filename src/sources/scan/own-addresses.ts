/**
 * Whether this machine's own IPv6 addresses may be used yet. A new address is first looked for among the
 * neighbours (RFC 4862 section 5.4): for a second or two after a link came up nothing is sent from it,
 * and all hosts there would seem to be away. Where no cable is plugged in it stays so, and nobody waits.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRefusal } from '../../native/libc.ts';
import { listInterfaces, type NetworkInterface } from '../capture/interfaces.ts';
import type { StopSign } from './stop-sign.ts';

/** Flags of an address (linux/if_addr.h): being looked for; used meanwhile; somebody else's. */
const TENTATIVE = 0x40;
const OPTIMISTIC = 0x04;
const DAD_FAILED = 0x08;
/** As long as that takes, with the random wait before it. */
const MOST_MS = 2500;
const LOOK_MS = 50;

/**
 * Indices of the interfaces whose addresses are being looked for.
 * @param table text of `/proc/net/if_inet6`
 */
export function tentativeLinks(table: string): number[] {
  return table.split('\n').flatMap((line) => {
    const [, index = '', , , hexadecimal = ''] = line.split(/\s+/);
    const flags = Number.parseInt(hexadecimal, 16);
    const isLookedFor = (flags & (TENTATIVE | OPTIMISTIC | DAD_FAILED)) === TENTATIVE;
    return isLookedFor ? [Number.parseInt(index, 16)] : [];
  });
}

/**
 * Waits until this machine's addresses may be used, or for so long as that may take.
 * @param table, interfaces as the system has them now
 */
export async function addressesSettled(
  signal: StopSign,
  table = ownTable,
  interfaces: () => readonly Pick<NetworkInterface, 'index' | 'carrier'>[] = listInterfaces,
): Promise<void> {
  for (let waitedMs = 0; waitedMs < MOST_MS && !signal.aborted; waitedMs += LOOK_MS) {
    const links = tentativeLinks(table());
    if (links.length === 0 || !anyCarrier(links, interfaces)) return;
    await sleep(LOOK_MS);
  }
}

/** Whether one of the interfaces has a carrier; so it is taken where the system does not tell. */
function anyCarrier(
  links: readonly number[],
  interfaces: () => readonly Pick<NetworkInterface, 'index' | 'carrier'>[],
): boolean {
  try {
    return interfaces().some(({ index, carrier }) => carrier && links.includes(index));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return true;
  }
}

function ownTable(): string {
  try {
    return readFileSync('/proc/net/if_inet6', 'utf8');
  } catch {
    // No IPv6 here, or no Linux.
    return '';
  }
}
