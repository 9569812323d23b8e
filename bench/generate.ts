/**
 * Makes the captures that are measured. Each is a crowd of concurrent flows; a step picks one at
 * random and writes its next packet, so flows interleave as on a real wire. Seeded: every run
 * writes the same octets.
 */
import {
  CaptureWriter,
  ICMP,
  type Packet,
  type PayloadBlock,
  payloadBlock,
  Random,
  TCP,
  UDP,
} from './frames.ts';

const SYN = 0x02;
const ACK = 0x10;
const PSH_ACK = 0x18;
const FIN_ACK = 0x11;

const NAME = '\x03www\x07example\x03com\x00\x00\x01\x00\x01';
const DNS_QUERY = payloadBlock(`\x12\x34\x01\0\0\x01\0\0\0\0\0\0${NAME}`);
const DNS_ANSWER = payloadBlock(
  `\x12\x34\x81\x80\0\x01\0\x01\0\0\0\0${NAME}\xc0\x0c\0\x01\0\x01\0\0\x0e\x10\0\x04\xc6\x33\x64\x01`,
);
const NTP_QUERY = payloadBlock('\x23');
const NTP_ANSWER = payloadBlock('\x24\x02');
const QUIC = payloadBlock('\x43');
const NOISE = payloadBlock('');

/** What kind of conversation a slot holds. */
const SCRIPT_TCP = 0;
/** TCP whose data phase is bare acknowledgments. */
const SCRIPT_SILENT = 1;
const SCRIPT_DNS = 2;
const SCRIPT_NTP = 3;
const SCRIPT_QUIC = 4;
const SCRIPT_PING = 5;
/** 18 octets each way: the smallest Ethernet frame without padding. */
const SCRIPT_SMALL_UDP = 6;

interface Conversation {
  script: number;
  family6: boolean;
  vlan: number;
  client: number;
  server: number;
  clientPort: number;
  serverPort: number;
  /** Packets of the data phase still to come. */
  left: number;
  /** TCP: ends with FINs. */
  closes: boolean;
  step: number;
  turn: number;
  clientSequence: number;
  serverSequence: number;
}

export interface Recipe {
  readonly about: string;
  readonly seed: number;
  readonly concurrent: number;
  /** Largest gap between two packets, microseconds. */
  readonly gap: number;
  /** Stops starting conversations at this size of file (octets), or never. */
  readonly bytes?: number;
  /** Stops after this many conversations, or never. */
  readonly conversations?: number;
  readonly start: (conversation: Conversation, random: Random, index: number) => void;
}

const WEB_PORTS = [443, 443, 443, 443, 80, 8080, 22, 25, 993, 3306, 5432, 445, 8443, 3389];
/** Ports whose dissectors in the peers do not mistake noise for their protocol. */
const DATAGRAM_PORTS = [9000, 9001, 8125, 27015];

function serverPort(udp: boolean, random: Random): number {
  const ports = udp ? DATAGRAM_PORTS : WEB_PORTS;
  return ports[random.below(ports.length)] ?? 443;
}

/** 4,200 clients and 800 servers; a few flows are long, most are short. */
function startMixed(conversation: Conversation, random: Random): void {
  const kind = random.below(100);
  const long = Math.min(4000, Math.floor(7 / ((random.below(1e6) + 1) / 1e6) ** 0.68));
  conversation.family6 = random.below(5) === 0;
  conversation.vlan = random.below(20) === 0 ? 10 * (1 + random.below(4)) : 0;
  conversation.client = random.below(4200);
  conversation.server = Math.floor((random.below(800) * random.below(1000)) / 1000);
  conversation.clientPort = 32768 + random.below(28232);
  conversation.closes = random.below(20) !== 0;
  if (kind < 54) {
    conversation.script = SCRIPT_TCP;
    conversation.serverPort = serverPort(false, random);
    conversation.left = long;
  } else if (kind < 84) {
    conversation.script = SCRIPT_DNS;
    conversation.serverPort = 53;
    conversation.left = 2;
  } else if (kind < 88) {
    conversation.script = SCRIPT_NTP;
    conversation.serverPort = 123;
    conversation.left = 2;
  } else if (kind < 97) {
    conversation.script = SCRIPT_QUIC;
    conversation.serverPort = 443;
    conversation.left = 4 + long;
  } else {
    conversation.script = SCRIPT_PING;
    conversation.left = 2 + 2 * random.below(4);
  }
}

function startSmall(conversation: Conversation, random: Random): void {
  const udp = random.below(4) === 0;
  conversation.script = udp ? SCRIPT_SMALL_UDP : SCRIPT_SILENT;
  conversation.client = random.below(20_000);
  conversation.server = random.below(1000);
  conversation.clientPort = 32768 + random.below(28232);
  conversation.serverPort = serverPort(udp, random);
  conversation.left = 140 + random.below(280);
  conversation.closes = true;
}

const CLIENTS_1M = 50_000;

/** A client's twenty flows have twenty ports, so all keys differ. Three to six packets each. */
function startMany(conversation: Conversation, random: Random, index: number): void {
  const client = index % CLIENTS_1M;
  const round = Math.floor(index / CLIENTS_1M);
  const udp = random.below(10) < 3;
  conversation.script = udp ? SCRIPT_SMALL_UDP : SCRIPT_TCP;
  conversation.client = client;
  conversation.server = random.below(2000);
  conversation.clientPort = 32768 + ((client * 7 + round * 613) % 28232);
  conversation.serverPort = serverPort(udp, random);
  conversation.left = (udp ? 3 : 0) + random.below(4);
}

/** Four packets each, so that 25 of them make 100. */
function startTiny(conversation: Conversation, random: Random, index: number): void {
  startMany(conversation, random, index);
  conversation.left = conversation.script === SCRIPT_TCP ? 1 : 4;
}

/** The captures by name, at full size. */
export const RECIPES = {
  mixed: {
    about: 'mixed sizes, about 200,000 flows of 5,000 hosts, IPv4 and IPv6, some VLANs',
    seed: 101,
    concurrent: 3000,
    gap: 20,
    bytes: 2_050_000_000,
    start: startMixed,
  },
  small: {
    about: '60-byte frames, about 100,000 flows',
    seed: 202,
    concurrent: 10_000,
    gap: 4,
    bytes: 2_050_000_000,
    start: startSmall,
  },
  'flows-1m': {
    about: '1,000,000 distinct flows of three to six packets',
    seed: 303,
    concurrent: 20_000,
    gap: 20,
    conversations: 1_000_000,
    start: startMany,
  },
  tiny: {
    about: '100 packets: a process start',
    seed: 404,
    concurrent: 10,
    gap: 2000,
    conversations: 25,
    start: startTiny,
  },
} as const satisfies Record<string, Recipe>;

export type CaptureName = keyof typeof RECIPES;

export interface CaptureFacts {
  readonly packets: number;
  readonly conversations: number;
  readonly bytes: number;
}

const blank = (): Conversation => ({
  script: SCRIPT_TCP,
  family6: false,
  vlan: 0,
  client: 0,
  server: 0,
  clientPort: 0,
  serverPort: 0,
  left: 0,
  closes: false,
  step: 0,
  turn: 0,
  clientSequence: 0,
  serverSequence: 0,
});

/** Writes one capture. `scale` shrinks file size and number of conversations alike. */
export async function generate(path: string, recipe: Recipe, scale: number): Promise<CaptureFacts> {
  const random = new Random(recipe.seed);
  const writer = await CaptureWriter.create(path);
  const byteLimit = (recipe.bytes ?? Number.POSITIVE_INFINITY) * scale;
  const limit = Math.ceil((recipe.conversations ?? Number.POSITIVE_INFINITY) * scale);
  const packet = blankPacket();
  const active: Conversation[] = [];
  let started = 0;
  const begin = (conversation: Conversation): boolean => {
    if (started >= limit || writer.bytes >= byteLimit) return false;
    Object.assign(conversation, blank());
    recipe.start(conversation, random, started++);
    conversation.clientSequence = random.next() | 0;
    conversation.serverSequence = random.next() | 0;
    return true;
  };
  const crowd = Math.max(1, Math.ceil(recipe.concurrent * Math.min(1, scale * 4)));
  for (let index = 0; index < crowd; index++) {
    const conversation = blank();
    if (begin(conversation)) active.push(conversation);
  }
  while (active.length > 0) {
    const index = random.below(active.length);
    const conversation = active[index] as Conversation;
    const more = advance(conversation, packet, random);
    if (writer.full) await writer.flush();
    writer.write(packet, random.below(recipe.gap));
    if (more || begin(conversation)) continue;
    active[index] = active.at(-1) as Conversation;
    active.pop();
  }
  await writer.finish();
  return { packets: writer.packets, conversations: started, bytes: writer.bytes };
}

const blankPacket = (): Packet => ({
  family6: false,
  vlan: 0,
  toServer: true,
  client: 0,
  server: 0,
  protocol: TCP,
  clientPort: 0,
  serverPort: 0,
  sequence: 0,
  acknowledgment: 0,
  flags: 0,
  payload: NOISE,
  payloadLength: 0,
});

/** Fills `packet` with the conversation's next one; false when that was the last. */
function advance(conversation: Conversation, packet: Packet, random: Random): boolean {
  packet.family6 = conversation.family6;
  packet.vlan = conversation.vlan;
  packet.client = conversation.client;
  packet.server = conversation.server;
  packet.clientPort = conversation.clientPort;
  packet.serverPort = conversation.serverPort;
  if (conversation.script === SCRIPT_TCP || conversation.script === SCRIPT_SILENT)
    return advanceTcp(conversation, packet, random);
  const turn = conversation.turn++;
  packet.protocol = UDP;
  packet.toServer = (turn & 1) === 0;
  switch (conversation.script) {
    case SCRIPT_DNS:
      carry(packet, packet.toServer ? DNS_QUERY : DNS_ANSWER, packet.toServer ? 33 : 49);
      break;
    case SCRIPT_NTP:
      carry(packet, packet.toServer ? NTP_QUERY : NTP_ANSWER, 48);
      break;
    case SCRIPT_QUIC:
      packet.toServer = turn === 0 || turn % 3 === 2;
      carry(
        packet,
        QUIC,
        turn < 2 ? 1200 : packet.toServer ? 35 + random.below(60) : segment(random),
      );
      break;
    case SCRIPT_PING:
      packet.protocol = ICMP;
      packet.serverPort = 1 + (turn >> 1);
      carry(packet, NOISE, 56);
      break;
    default:
      carry(packet, NOISE, 18);
  }
  return --conversation.left > 0;
}

function carry(packet: Packet, payload: PayloadBlock, length: number): void {
  packet.payload = payload;
  packet.payloadLength = length;
}

/** Payload of a data packet: half are full, the rest anything. */
const segment = (random: Random): number =>
  random.below(2) === 0 ? 1420 : 20 + random.below(1000);

/** Handshake (steps 0 to 2), data (3), FINs both ways (4 to 6). */
function advanceTcp(conversation: Conversation, packet: Packet, random: Random): boolean {
  const { step } = conversation;
  let toServer = step !== 1 && step !== 5;
  let length = 0;
  let flags = ACK;
  let next = step + 1;
  if (step < 2) flags = step === 0 ? SYN : SYN | ACK;
  else if (step === 4 || step === 5) flags = FIN_ACK;
  else if (step === 3) {
    const turn = conversation.turn++;
    if (conversation.script === SCRIPT_SILENT) toServer = (turn & 1) === 0;
    else {
      // A request, then two segments of the answer for each acknowledgment.
      toServer = turn % 3 === 0;
      if (!toServer) length = segment(random);
      else if (turn % 15 === 0) length = 80 + random.below(500);
    }
    if (length > 0) flags = PSH_ACK;
    if (--conversation.left > 0) next = 3;
  }
  if (step === 2 && conversation.left === 0) next = 4;
  packet.protocol = TCP;
  packet.toServer = toServer;
  packet.flags = flags;
  packet.sequence = toServer ? conversation.clientSequence : conversation.serverSequence;
  packet.acknowledgment = toServer ? conversation.serverSequence : conversation.clientSequence;
  if (step === 0) packet.acknowledgment = 0;
  carry(packet, NOISE, length);
  const used = length + (flags & (SYN | 1) ? 1 : 0);
  if (toServer) conversation.clientSequence = (conversation.clientSequence + used) | 0;
  else conversation.serverSequence = (conversation.serverSequence + used) | 0;
  conversation.step = next;
  return next < 4 || (conversation.closes && next < 7);
}
