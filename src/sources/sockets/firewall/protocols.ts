/** Names of protocols as packet filters print them, by number too. */
const NUMBERS: ReadonlyMap<string, string> = new Map([
  ['1', 'icmp'],
  ['6', 'tcp'],
  ['17', 'udp'],
  ['33', 'dccp'],
  ['58', 'icmpv6'],
  ['132', 'sctp'],
  ['136', 'udplite'],
]);

/** `all` and `0` are none: such a condition holds for every protocol and is left out before. */
export function transportNames(text: string): string[] {
  const name = text.toLowerCase();
  if (name === 'ipv6-icmp') return ['icmpv6'];
  return [NUMBERS.get(name) ?? name];
}
