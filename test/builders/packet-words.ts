/** Headers of packets from a line of words, for what filters do with them. */
import { parseAddress } from '../../src/net/address.ts';
import type { PacketHeader } from '../../src/net/header-fields.ts';

/** `tcp 198.51.100.7:40000 > 10.0.1.10:443`, with words such as `ack`, `fragment`, `established`. */
export function packet(text: string): PacketHeader {
  const [protocol = '', source = '', , destination = '', ...words] = text.split(' ');
  const side = (word: string): [string, number] => {
    const [, host = '', port = '0'] = /^\[?([0-9a-f.:]+?)\]?(?:[:#](\d+))?$/.exec(word) ?? [];
    return [host, Number(port)];
  };
  const [from, sourcePort] = side(source);
  const [to, destinationPort] = side(destination);
  const [name, type = '0', code = '0'] = protocol.split('/');
  const six = from.includes(':');
  const numbers: Record<string, number> = { tcp: 6, udp: 17, icmp: six ? 58 : 1, gre: 47 };
  return {
    state: words.includes('established') ? 'established' : 'new',
    family: six ? 6 : 4,
    source: parseAddress(from)!,
    destination: parseAddress(to)!,
    laterFragment: words.includes('fragment'),
    protocol: numbers[name ?? ''] ?? 0,
    sourcePort,
    destinationPort,
    icmpType: Number(type),
    icmpCode: Number(code),
    tcpFlags: words.includes('ack') ? 0x10 : 0x02,
  };
}
