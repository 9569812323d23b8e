/** Commands that shut a port off by the host's own firewall, where its owner cannot be stopped. */

import { isWide } from '../catalog/entries.ts';
import type { CatalogPort, NotThere, PlatformAdvice, PortEntry } from '../catalog/entry.ts';
import type { CardLine } from '../report/table.ts';

/** Commands to copy, for the systems on which the entry's service exists. */
export function blockingSteps({ id, ports, windows, linux }: PortEntry): CardLine[] {
  // Nobody should be handed a command that shuts off half of all ports.
  if (ports.some(({ first, last }) => isWide(last - first))) return [];
  const steps: CardLine[] = [];
  for (const transport of ['tcp', 'udp'] as const) {
    const list = ports.filter((port) => port.transport === transport).map(written);
    if (list.length === 0) continue;
    if (isThere(windows)) {
      const name = `Block ${id} ${transport}`;
      steps.push({
        run: `New-NetFirewallRule -DisplayName '${name}' -Direction Inbound -Action Block -Protocol ${transport.toUpperCase()} -LocalPort ${list.join(',')}`,
      });
    }
    if (isThere(linux)) {
      const set = list.length === 1 ? list[0]! : `'{ ${list.join(', ')} }'`;
      // As behind Windows' firewall, this machine's programs still reach each other, and answers
      // come to those that ask from this port.
      const rule = `iif != lo ct state new ${transport} dport ${set} drop`;
      steps.push({ run: `nft insert rule inet filter input ${rule}` });
    }
  }
  return steps;
}

function isThere(advice: PlatformAdvice | NotThere): boolean {
  return !('none' in advice);
}

function written({ first, last }: CatalogPort): string {
  return first === last ? `${first}` : `${first}-${last}`;
}
