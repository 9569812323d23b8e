/** Whether the host's own firewall lets others in, in words for people and values for programs. */
import type { Listener } from '../model/listener.ts';
import type { Reachability } from '../model/packet-filter.ts';
import type { Plain } from '../report/table.ts';

const WORDS: Readonly<Record<Reachability['answer'], string>> = {
  yes: 'lets in',
  no: 'shuts out',
  depends: 'depends',
};

/** One word where both families agree. */
export function firewallText(firewall: Listener['firewall']): string {
  if (firewall === undefined) return '-';
  const { ipv4, ipv6 } = firewall;
  if (ipv4 === undefined || ipv6 === undefined || ipv4.answer === ipv6.answer) {
    const one = ipv4 ?? ipv6;
    return one === undefined ? '-' : WORDS[one.answer];
  }
  return `IPv4 ${WORDS[ipv4.answer]}, IPv6 ${WORDS[ipv6.answer]}`;
}

/** The same for programs, of each family: null where the rules could not be read. */
export function plainFirewall(firewall: Listener['firewall']): Plain {
  if (firewall === undefined) return null;
  const plain = (each: Reachability | undefined): Plain | undefined =>
    each && { answer: each.answer, rules: each.rules, on: each.on };
  return { ipv4: plain(firewall.ipv4), ipv6: plain(firewall.ipv6) };
}
