/**
 * IPv6 extension headers (RFC 8200), segment routing (RFC 8754), and the IPsec headers AH
 * (RFC 4302) and ESP (RFC 4303), which IPv4 carries as well.
 */
import { ip6, join, octets, type Payload, padTo, u8, u16, u32, zeros } from './bytes.ts';
import { shifted, tagged, tagOf } from './layer.ts';

interface ExtensionFields {
  readonly nextHeader?: number;
  /** Length field, in units of 8 octets beyond the first 8 (AH: 4 octets, less 2). */
  readonly length?: number;
}

/** The next-header octet of something that carries `payload`; 59 = nothing follows. */
const next = (fields: ExtensionFields, payload: Payload): number =>
  fields.nextHeader ?? tagOf(payload).protocol ?? (octets(payload).length === 0 ? 59 : 253);

/** An option of hop-by-hop and destination options headers. */
export const ipv6Option = (type: number, value: Uint8Array): Uint8Array =>
  join(u8(type, value.length), value);

/** Options padded with PadN (or Pad1) so that the header is a multiple of 8 octets long. */
function optionsHeader(
  protocol: number,
  fields: ExtensionFields & { options?: Uint8Array },
  payload: Payload,
): Uint8Array {
  const options = fields.options ?? zeros(0);
  const gap = (8 - ((options.length + 2) % 8)) % 8;
  const padding = gap < 2 ? zeros(gap) : ipv6Option(1, zeros(gap - 2));
  const size = 2 + options.length + gap;
  const start = u8(next(fields, payload), fields.length ?? size / 8 - 1);
  return tagged(join(start, options, padding, payload), { protocol, ...shifted(payload, size) });
}

type OptionsBuilder = (
  fields: ExtensionFields & { options?: Uint8Array },
  payload: Payload,
) => Uint8Array;

export const hopByHop: OptionsBuilder = (fields, payload) => optionsHeader(0, fields, payload);
export const destinationOptions: OptionsBuilder = (fields, payload) =>
  optionsHeader(60, fields, payload);

export interface RoutingFields extends ExtensionFields {
  /** 0 source route (deprecated), 2 mobile, 4 segment routing (addresses last first). */
  readonly type?: number;
  readonly segmentsLeft?: number;
  readonly addresses?: readonly string[];
}

export function routing(fields: RoutingFields, payload: Payload): Uint8Array {
  const { type = 2, addresses = ['2001:db8::99'] } = fields;
  const { segmentsLeft = addresses.length } = fields;
  const list = addresses.map(ip6);
  const words = type === 4 ? join(u8(Math.max(0, list.length - 1), 0), u16(0)) : u32(0);
  const size = 8 + 16 * list.length;
  const start = u8(next(fields, payload), fields.length ?? size / 8 - 1, type, segmentsLeft);
  const { pending } = shifted(payload, size);
  const finalDestination = segmentsLeft > 0 ? (type === 4 ? list[0] : list.at(-1)) : undefined;
  return tagged(join(start, words, ...list, payload), {
    protocol: 43,
    ...(pending && { pending: { ...pending, ...(finalDestination && { finalDestination }) } }),
  });
}

/** A fragment header written by hand; `fragment6` cuts whole packets. `offset` is in octets. */
export function fragmentHeader(
  fields: { nextHeader?: number; offset?: number; more?: boolean; id?: number },
  payload: Payload,
): Uint8Array {
  const { offset = 0, more = false, id = 1 } = fields;
  const start = join(u8(next(fields, payload), 0), u16((offset & ~7) | (more ? 1 : 0)), u32(id));
  // Only an atomic fragment (RFC 6946) holds all that the checksum covers.
  const whole = offset === 0 && !more;
  return tagged(join(start, payload), { protocol: 44, ...(whole ? shifted(payload, 8) : {}) });
}

export function authentication(
  fields: ExtensionFields & { spi?: number; sequence?: number; icv?: Uint8Array },
  payload: Payload,
): Uint8Array {
  const { spi = 0x100, sequence = 1, icv = zeros(12) } = fields;
  const check = padTo(4, icv);
  const size = 12 + check.length;
  const start = u8(next(fields, payload), fields.length ?? size / 4 - 2);
  const bytes = join(start, u16(0), u32(spi, sequence), check, payload);
  return tagged(bytes, { protocol: 51, ...shifted(payload, size) });
}

/** ESP: everything after the sequence number is opaque, as on a real wire. */
export const esp = (
  { spi = 0x100, sequence = 1 }: { spi?: number; sequence?: number },
  ciphertext: Payload,
): Uint8Array => tagged(join(u32(spi, sequence), ciphertext), { protocol: 50, udpPort: 4500 });
