/** GRE (RFC 2784, RFC 2890) and what it carries. */
import type { Page } from './page.ts';

const CHECKSUM = 0x8000;
const ROUTING = 0x4000;
const KEY = 0x2000;
const SEQUENCE = 0x1000;
const ACKNOWLEDGE = 0x0080;

/** From GRE's header on, with what it carries; `length` octets on the wire. */
export function printGre(page: Page, at: number, length: number): void {
  const { out, view } = page;
  if (!page.has(at, 4)) return page.cut('gre');
  const flags = view.getUint16(at);
  const version = flags & 7;
  out.text('GREv');
  out.decimal(version);
  const type = view.getUint16(at + 2);
  let place = at + 4;
  if (version === 0 && (flags & (CHECKSUM | ROUTING)) !== 0) place += 4;
  if ((flags & KEY) !== 0) {
    if (!page.has(place, 4)) return page.cut('gre');
    if (version === 0) {
      out.text(', key=0x');
      out.hex(view.getUint32(place));
    } else {
      out.text(', call ');
      out.decimal(view.getUint16(place + 2));
    }
    place += 4;
  }
  if ((flags & SEQUENCE) !== 0) {
    if (!page.has(place, 4)) return page.cut('gre');
    out.text(', seq ');
    out.decimal(view.getUint32(place));
    place += 4;
  }
  if (version === 1 && (flags & ACKNOWLEDGE) !== 0) {
    if (!page.has(place, 4)) return page.cut('gre');
    out.text(', ack ');
    out.decimal(view.getUint32(place));
    place += 4;
  }
  if (page.linkHeader) {
    out.text(', proto ');
    out.text(`0x${type.toString(16).padStart(4, '0')}`);
  }
  out.text(', length ');
  out.decimal(length);
  out.text(page.verbose > 0 ? '\n\t' : ': ');
  const left = length - (place - at);
  if (type === 0x6558) page.nested.ethernet(page, place, left);
  else if (!page.nested.etherType(page, type, place, left)) {
    out.text('gre-proto-0x');
    out.hex(type);
  }
}
