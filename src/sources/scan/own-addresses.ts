/**
 * Whether this machine's own IPv6 addresses may be used yet. A new address is first looked for among the
 * neighbours (RFC 4862 section 5.4): for a second or two after a link came up nothing is sent from it,
 * and all hosts there would seem to be away.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StopSign } from './stop-sign.ts';

/** Flags of an address (linux/if_addr.h): being looked for; used meanwhile; somebody else's. */
const TENTATIVE = 0x40;
const OPTIMISTIC = 0x04;
const DAD_FAILED = 0x08;
/** As long as that takes, with the random wait before it. */
const MOST_MS = 2500;
const LOOK_MS = 50;

/** Whether an address is being looked for. @param table text of `/proc/net/if_inet6` */
export function anyTentative(table: string): boolean {
  return table.split('\n').some((line) => {
    const flags = Number.parseInt(line.split(/\s+/)[4] ?? '', 16);
    return (flags & (TENTATIVE | OPTIMISTIC | DAD_FAILED)) === TENTATIVE;
  });
}

/** Waits until this machine's addresses may be used, or for so long as that may take. */
export async function addressesSettled(signal: StopSign): Promise<void> {
  for (let waitedMs = 0; waitedMs < MOST_MS && !signal.aborted; waitedMs += LOOK_MS) {
    if (!anyTentative(ownTable())) return;
    await sleep(LOOK_MS);
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
