/**
 * Reads the text of Linux's /proc/net/packet (kernel: `packet_seq_show`): sockets that receive
 * whole frames, such as sniffers' and DHCP clients'. One line each, the protocol (EtherType)
 * hexadecimal, the interface by its number, 0 for all:
 *
 *     sk               RefCnt Type Proto  Iface R Rmem   User   Inode
 *     0000000000000000 3      3    0003   2     1 0      0      12345
 */
import type { SocketRow, SocketText } from './socket-row.ts';
import { faultOf } from './socket-row.ts';

const ROW = /^[\da-f]+ +\d+ +\d+ +([\da-f]{4}) +(\d{1,10}) +[01] +\d+ +(\d{1,10}) +(\d{1,20}) *$/i;

/** Lines that are none are faults with their number. */
export function parsePackets(text: string): SocketText {
  const rows: SocketRow[] = [];
  const faults: SocketText['faults'][number][] = [];
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '' || line.startsWith('sk ')) return;
    const [, protocol, device, uid, inode] = ROW.exec(line) ?? [];
    if (inode === undefined) {
      faults.push(faultOf(line, index + 1));
      return;
    }
    rows.push({
      transport: 'packet',
      address: { family: 4, words: [0] },
      port: Number.parseInt(protocol!, 16),
      uid: Number(uid),
      inode: Number(inode),
      ...(device === '0' ? {} : { device: device! }),
    });
  });
  return { rows, connected: 0, faults };
}
