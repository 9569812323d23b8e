/**
 * ARP sweeps: one host that asks its own link for many addresses, most of which nobody has.
 * Thresholds as for scans of hosts (scan.ts). A router asks in vain too when somebody scans through
 * it: its questions show the sweep, not who is behind it.
 */
import type { ArpAsker } from '../../flow/arp-questions.ts';
import type { Finding } from '../../model/finding.ts';
import { type Case, lasting, number, plural, spanOf } from './case.ts';

/** By thresholds `scan-hosts` and `scan-failed`. */
export function arpSweeps(c: Case): readonly Finding[] {
  const sweeps = c.spoken
    .arpAskers(c.thresholds['scan-hosts'])
    .filter(({ vain, answered }) => vain >= c.thresholds['scan-failed'] * (vain + answered));
  return c.tellMost('arp-sweep', sweeps, (asker) => tell(c, asker));
}

function tell(c: Case, { address, vain, answered, asked }: ArpAsker): Finding {
  const source = c.host(address, 0);
  const span = spanOf(asked);
  return {
    kind: 'finding',
    id: 'arp-sweep',
    severity: 'medium',
    subject: { text: source, client: source },
    what: `ARP sweep: ${plural(vain, 'address', 'addresses')} of the link asked for in vain in ${lasting(span)}`,
    why: `${number(answered)} of ${number(vain + answered)} answered; whoever does not know which hosts exist asks for them all`,
    do: `find out what runs on ${source}; where it is a router, look for who scans through it`,
    otherwise:
      'a router behind which somebody scans, an inventory tool, hosts that are switched off',
    evidence: c.evidence(asked),
    filter: `arp and arp src host ${source}`,
    numbers: { addresses: vain, answered, failedShare: vain / (vain + answered), seconds: span },
    thresholds: c.held('scan-hosts', 'scan-failed'),
  };
}
