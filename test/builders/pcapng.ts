/** A little-endian pcapng file of frames of any link types, for reading by other programs. */
import { join, little, type Payload, padTo, u16, u32 } from './bytes.ts';

const block = (type: number, body: Uint8Array): Uint8Array => {
  const length = little(u32(body.length + 12));
  return join(little(u32(type)), length, body, length);
};

/** One section, one interface per link type, one enhanced packet block per frame. */
export function pcapng(frames: readonly { linkType: number; frame: Uint8Array }[]): Uint8Array {
  const linkTypes = [...new Set(frames.map(({ linkType }) => linkType))];
  const section = block(
    0x0a0d0d0a,
    join(little(u32(0x1a2b3c4d)), little(u16(1)), u16(0, 0xffff, 0xffff, 0xffff, 0xffff)),
  );
  const interfaces = linkTypes.map((linkType) =>
    block(1, join(little(u16(linkType)), u16(0), u32(0))),
  );
  const packets = frames.map(({ linkType, frame }): Payload => {
    const length = little(u32(frame.length));
    const start = join(little(u32(linkTypes.indexOf(linkType))), u32(0, 0), length, length);
    return block(6, join(start, padTo(4, frame)));
  });
  return join(section, ...interfaces, ...packets);
}
