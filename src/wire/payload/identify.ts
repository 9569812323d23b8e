/**
 * Which protocol a payload is: asks the detectors of its two ports first, then all whose payloads
 * begin with its first octet. An answer that is merely likely is believed on a port of the
 * protocol, or when an earlier payload of the same conversation gave the same answer.
 */
import { DETECTORS } from './detectors.ts';
import { ANSWERS, ASKS, CERTAIN, type Detection, type Detector, type Payload } from './payload.ts';

const TCP = 6;
const UDP = 17;
const NONE = new Uint8Array(0);

/** Joined to a detection that needs a second one to be believed. */
export const TENTATIVE = 16;

/** Detectors by port and by first octet, of one transport. */
class Directory {
  /** Number of the port's list in `lists`; 0 is the empty one. */
  private readonly portList = new Uint8Array(65_536);
  private readonly lists: Uint8Array[] = [NONE];
  /** Made when a payload first begins so: few of the 256 octets ever do. */
  private readonly octetLists: (Uint8Array | undefined)[] = new Array(256);
  /** Positions of the transport's detectors. */
  private readonly own: readonly number[];
  /** 1 where a detector's payloads can begin with an octet: 256 entries a detector. */
  readonly begins: Uint8Array;

  constructor(detectors: readonly Detector[], transport: number) {
    this.begins = beginnings(detectors, transport);
    this.own = [...detectors.keys()].filter((at) => detectors[at]!.transports.includes(transport));
    const byPort = new Map<number, number[]>();
    for (const at of this.own) {
      for (const port of detectors[at]!.ports) {
        const list = byPort.get(port);
        if (list === undefined) byPort.set(port, [at]);
        else list.push(at);
      }
    }
    const numbers = new Map<string, number>();
    for (const [port, list] of byPort) {
      const key = list.join();
      const number = numbers.get(key) ?? this.lists.push(Uint8Array.from(list)) - 1;
      if (number > 255) throw new TypeError('too many lists of detectors by port');
      numbers.set(key, number);
      this.portList[port] = number;
    }
  }

  ofPort(port: number): Uint8Array {
    return this.lists[this.portList[port]!]!;
  }

  ofOctet(octet: number): Uint8Array {
    return this.octetLists[octet] ?? this.list(octet);
  }

  private list(octet: number): Uint8Array {
    const list = Uint8Array.from(this.own.filter((at) => this.begins[256 * at + octet] === 1));
    this.octetLists[octet] = list;
    return list;
  }
}

/** Detectors are known by their place in `detectors`, which does not change. */
export class Identifier {
  readonly detectors: readonly Detector[];
  /** Position in `detectors` of the protocol that `identify` found last; -1 = none. */
  protocol = -1;
  private readonly tcp: Directory;
  private readonly udp: Directory;
  private readonly others: Directory;
  private best: Detection = 0;
  /** What detectors detect by, at hand without a look at objects of many shapes. */
  private readonly detects: readonly ((payload: Payload) => Detection)[];

  constructor(detectors: readonly Detector[] = DETECTORS) {
    this.detectors = detectors;
    this.detects = detectors.map(({ detect }) => detect);
    this.tcp = new Directory(detectors, TCP);
    this.udp = new Directory(detectors, UDP);
    this.others = new Directory(detectors, 132);
  }

  /**
   * What the payload is: 0, or the detection of the detector at `protocol`, with `TENTATIVE` joined
   * when it is not to be believed yet.
   *
   * @param before position of the detector that answered tentatively earlier on, or -1
   */
  identify(payload: Payload, before: number): number {
    this.protocol = -1;
    this.best = 0;
    if (payload.end <= payload.at) return 0;
    const directory = this.directoryOf(payload.transport);
    const { begins } = directory;
    const octet = payload.bytes[payload.at]!;
    const { destinationPort, sourcePort } = payload;
    if (this.ask(directory.ofPort(destinationPort), begins, payload, octet, before, true)) {
      return this.best;
    }
    if (this.ask(directory.ofPort(sourcePort), begins, payload, octet, before, true)) {
      return this.best;
    }
    this.ask(directory.ofOctet(octet), begins, payload, octet, before, false);
    return this.best;
  }

  /** What one detector says, by its position. */
  detect(index: number, payload: Payload): Detection {
    if (payload.end <= payload.at) return 0;
    const { begins } = this.directoryOf(payload.transport);
    if (begins[256 * index + payload.bytes[payload.at]!] === 0) return 0;
    return this.detects[index]!(payload);
  }

  private directoryOf(transport: number): Directory {
    return transport === TCP ? this.tcp : transport === UDP ? this.udp : this.others;
  }

  /** Asks a list of detectors; true when one is certain. */
  private ask(
    list: Uint8Array,
    begins: Uint8Array,
    payload: Payload,
    octet: number,
    before: number,
    onPort: boolean,
  ): boolean {
    for (let next = 0; next < list.length; next++) {
      const index = list[next]!;
      if (begins[256 * index + octet] === 0) continue;
      const answer = this.detects[index]!(payload);
      if (answer === 0) continue;
      if ((answer & CERTAIN) !== 0) {
        this.best = answer;
        this.protocol = index;
        return true;
      }
      const believed =
        index === before || (onPort && fitsPort(this.detectors[index]!, payload, answer));
      if (this.best === 0 || (believed && (this.best & TENTATIVE) !== 0)) {
        this.best = believed ? answer : answer | TENTATIVE;
        this.protocol = index;
      }
    }
    return false;
  }
}

function beginnings(detectors: readonly Detector[], transport: number): Uint8Array {
  const table = new Uint8Array(256 * detectors.length);
  detectors.forEach(({ begins, beginsOverTcp }, index) => {
    const octets = transport === TCP ? (beginsOverTcp ?? begins) : begins;
    if (octets === undefined) table.fill(1, 256 * index, 256 * (index + 1));
    else for (const octet of octets) table[256 * index + octet] = 1;
  });
  return table;
}

/** Whether the port of the side that serves, by this answer, is one of the protocol's. */
function fitsPort({ ports }: Detector, payload: Payload, answer: Detection): boolean {
  const { sourcePort, destinationPort } = payload;
  return (
    ((answer & ANSWERS) === 0 && ports.includes(destinationPort)) ||
    ((answer & ASKS) === 0 && ports.includes(sourcePort))
  );
}
