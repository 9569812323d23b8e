/** What others' output leaves open, in words for people. */
import type { BlindSpot } from '../../../model/blind-spot.ts';
import type { Listener } from '../../../model/listener.ts';
import type { Gathered, Remark } from './row.ts';

const REMARKS: Readonly<Record<Remark, Omit<BlindSpot, 'id'>>> = {
  'not-elevated': {
    what: "owners of other users' sockets",
    because: 'the output says that it was made without root',
    remedy: 'make it again with sudo',
    missing: true,
  },
  'state-words-unknown': {
    what: 'which sockets without a peer listen and which are only bound',
    because: 'two words for it occur in a language that is not known; all are taken to listen',
    remedy: 'leave the option -q out',
    missing: false,
  },
  'addresses-cut': {
    what: 'whether some IPv6 addresses are complete',
    because: 'netstat cuts addresses of this length off',
    remedy: 'make the output with netstat -W, or with ss',
    missing: false,
  },
  'osquery-remote-port-zero': {
    what: 'which sockets really listen',
    because: "osquery's table of listening ports also holds sockets that are bound or closed",
    remedy: 'query process_open_sockets, which has the state',
    missing: false,
  },
  'transport-assumed': {
    what: 'the protocol of rows without one',
    because:
      'ss leaves it out when one kind was asked for; LISTEN is taken for TCP, UNCONN for UDP',
    missing: false,
  },
  'table-kind-assumed': {
    what: 'which table of /proc/net this is',
    because:
      'the text does not name it; it is told by its heading, which UDP shares with raw sockets',
    remedy: 'use head -n 999999 /proc/net/tcp /proc/net/tcp6 /proc/net/udp …, which names them',
    missing: false,
  },
};

/** Lines that were not read first; `name` is how the listing is called in them. */
export function foreignNotes(
  gathered: Gathered,
  name: string,
  listeners: readonly Listener[],
): BlindSpot[] {
  return [
    ...unreadLines(gathered, name),
    ...unnamed(listeners),
    ...remarks(gathered),
    ...passedOver(gathered),
  ];
}

function unreadLines({ unread, unreadCount }: Gathered, name: string): BlindSpot[] {
  const [first] = unread;
  if (first === undefined) return [];
  const lines = unreadCount === 1 ? '1 line' : `${unreadCount} lines`;
  return [
    {
      id: 'lines-unread',
      what: `${lines} of ${name}`,
      because: `the first is line ${first.line} (${first.why}): ${JSON.stringify(first.text.trim().slice(0, 60))}`,
      missing: true,
    },
  ];
}

function unnamed(listeners: readonly Listener[]): BlindSpot[] {
  const count = listeners.filter(
    ({ owner }) => owner.kind === 'unknown' && owner.because === 'not-shown',
  ).length;
  if (count === 0) return [];
  return [
    {
      id: 'owner-not-shown',
      what: `which process holds ${share(count, listeners.length)}`,
      because: 'the output was made without the option that shows processes',
      remedy: 'Windows: netstat -ano; Linux: sudo ss -tulpn; macOS: sudo lsof -nP -i',
      missing: true,
    },
  ];
}

function share(part: number, whole: number): string {
  if (whole === 1) return 'the socket';
  return part === whole ? `any of the ${whole} sockets` : `${part} of the ${whole} sockets`;
}

function remarks({ remarks: found }: Gathered): BlindSpot[] {
  return [...found].map((id) => ({ id, ...REMARKS[id] }));
}

function passedOver({ passedOver: count }: Gathered): BlindSpot[] {
  if (count === 0) return [];
  return [
    {
      id: 'passed-over',
      what: `${count} ${count === 1 ? 'entry' : 'entries'} without an IP port (Unix sockets, files, unbound sockets)`,
      because: 'they are not listed',
      missing: false,
    },
  ];
}
