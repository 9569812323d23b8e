/** Block types of pcapng (draft-ietf-opsawg-pcapng, section 11.1) and what people call them. */

export const BLOCK = {
  interface: 1,
  obsolete: 2,
  simple: 3,
  names: 4,
  statistics: 5,
  enhanced: 6,
  journal: 9,
  secrets: 10,
  custom: 0x00000bad,
  customNoCopy: 0x40000bad,
  section: 0x0a0d0d0a,
} as const;

/** A name for counts of blocks passed over. */
export function blockName(type: number): string {
  switch (type) {
    case BLOCK.names:
      return 'name resolution block';
    case BLOCK.journal:
      return 'systemd journal entry';
    case BLOCK.secrets:
      return 'decryption secrets block';
    case BLOCK.custom:
    case BLOCK.customNoCopy:
      return 'custom block';
    default:
      return 'block of unknown type';
  }
}

/** Whether Wireshark shows such a block as a line of its own, with a number among the frames. */
export function isNumbered(type: number): boolean {
  return type === BLOCK.journal || type === BLOCK.custom || type === BLOCK.customNoCopy;
}
