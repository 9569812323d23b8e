/** SCTP (RFC 9260): the common header with its CRC-32C, and the chunks tests need. */
import { crc32c, join, little, octets, type Payload, padTo, u8, u16, u32, zeros } from './bytes.ts';
import { tagged } from './layer.ts';

export function sctp(
  fields: { sport?: number; dport?: number; tag?: number; checksum?: number },
  ...chunks: readonly Uint8Array[]
): Uint8Array {
  const { sport = 40000, dport = 3868, tag = 0 } = fields;
  const bytes = join(u16(sport, dport), u32(tag, 0), ...chunks);
  bytes.set(fields.checksum === undefined ? little(u32(crc32c(bytes))) : u32(fields.checksum), 8);
  return tagged(bytes, { protocol: 132, udpPort: 9899 });
}

/** Any chunk, padded to four octets; the length field leaves padding out. */
export const chunk = (type: number, flags: number, value: Payload, length?: number): Uint8Array =>
  padTo(4, join(u8(type, flags), u16(length ?? octets(value).length + 4), value));

interface InitFields {
  readonly tag?: number;
  readonly window?: number;
  readonly outbound?: number;
  readonly inbound?: number;
  readonly tsn?: number;
}

const initValue = ({
  tag = 0x1234,
  window = 65535,
  outbound = 10,
  inbound = 10,
  tsn = 1,
}: InitFields) => join(u32(tag, window), u16(outbound, inbound), u32(tsn));

export const initChunk = (fields: InitFields = {}): Uint8Array => chunk(1, 0, initValue(fields));

/** INIT ACK with the state cookie parameter it must have. */
export const initAckChunk = (fields: InitFields = {}, cookie: Payload = zeros(8)): Uint8Array =>
  chunk(2, 0, join(initValue(fields), cookieParameter(cookie)));

/** The state cookie parameter (type 7). */
const cookieParameter = (cookie: Payload): Uint8Array =>
  padTo(4, join(u16(7, octets(cookie).length + 4), cookie));

export const cookieEchoChunk = (cookie: Payload = zeros(8)): Uint8Array => chunk(10, 0, cookie);
export const cookieAckChunk = (): Uint8Array => chunk(11, 0, '');
export const abortChunk = (): Uint8Array => chunk(6, 0, '');
export const shutdownChunk = (tsn = 0): Uint8Array => chunk(7, 0, u32(tsn));

export const dataChunk = (
  fields: {
    tsn?: number;
    stream?: number;
    streamSequence?: number;
    protocolId?: number;
    flags?: number;
  },
  payload: Payload,
): Uint8Array => {
  const { tsn = 1, stream = 0, streamSequence = 0, protocolId = 0, flags = 3 } = fields;
  return chunk(0, flags, join(u32(tsn), u16(stream, streamSequence), u32(protocolId), payload));
};
