/**
 * How a log of somebody's own is to be read: a document that says which column or key holds what
 * (docs/log-formats.md). Faults say where in the document they are and what to do.
 */
import type { DocumentFault, DocumentNode } from '../../model/document.ts';
import { type Action, EVENTS, INITIATORS } from '../../model/verdict.ts';
import { AddressPool } from '../../net/address-pool.ts';
import { nearest } from '../../net/nearest.ts';
import { protocolIn } from './protocol-names.ts';
import { octetsOf, Scan } from './scan.ts';
import { patternFault } from './time-pattern.ts';

/** What a column can hold. */
export const MAPPED_FIELDS = [
  ...['time', 'source', 'sourcePort', 'destination', 'destinationPort', 'transport', 'action'],
  ...['count', 'packets', 'bytes', 'packetsSent', 'bytesSent', 'packetsBack', 'bytesBack'],
  ...['icmpType', 'icmpCode', 'rule', 'inInterface', 'outInterface', 'inZone', 'outZone'],
  ...['device', 'application', 'reason'],
] as const;
export type MappedField = (typeof MAPPED_FIELDS)[number];

/** Ways to write a time; anything with a percent sign is a pattern (time-pattern.ts). */
const TIMES = ['iso', 'epoch', 'epoch-ms', 'epoch-us', 'epoch-ns'] as const;
export type TimeForm = (typeof TIMES)[number];

export interface Mapping {
  readonly name: string;
  readonly format: 'csv' | 'json';
  /** One octet that stands between columns. */
  readonly separator: number;
  /** Names of columns, in order; undefined: the first line has them. */
  readonly columns: readonly string[] | undefined;
  /** Lines that begin so are passed over; empty for none. */
  readonly comment: string;
  /** A syslog header stands before. */
  readonly syslog: boolean;
  /** Column or key of each field. */
  readonly fields: ReadonlyMap<MappedField, string>;
  readonly time: TimeForm | { readonly pattern: string };
  /** What values of the action mean, in lower case. */
  readonly verdicts: ReadonlyMap<string, Action>;
  /** Of every line, where no column says it. */
  readonly always: Action;
  /** IP protocol of every line, where no column says it; -1 for none. */
  readonly protocol: number;
  readonly event: number;
  readonly initiator: number;
}

const KEYS = [
  ...['name', 'format', 'separator', 'columns', 'comment', 'syslog', 'fields', 'time', 'verdicts'],
  ...['verdict', 'transport', 'event', 'initiator'],
] as const;
const SEPARATORS: Readonly<Record<string, string>> = { tab: '\t', space: ' ', comma: ',' };
const VERDICTS: readonly Action[] = ['allow', 'deny', 'unknown'];
const MOST_COLUMNS = 160;

/** Reads the document; with faults there is no mapping. */
export function readMapping(root: DocumentNode): Mapping | readonly DocumentFault[] {
  const reader = new MappingReader();
  const mapping = reader.read(root);
  return reader.faults.length > 0 ? reader.faults : mapping;
}

type Entries = ReadonlyMap<string, DocumentNode>;

/** In place of a document that is none. */
const NOTHING: Mapping = {
  ...{ name: '', format: 'csv', separator: 0x2c, columns: undefined, comment: '', syslog: false },
  ...{ fields: new Map(), time: 'iso', verdicts: new Map(), always: 'unknown', protocol: -1 },
  ...{ event: 0, initiator: 0 },
};

class MappingReader {
  readonly faults: DocumentFault[] = [];

  read(root: DocumentNode): Mapping {
    const entries = this.map(root, KEYS);
    if (root.kind !== 'map') return NOTHING;
    const format = this.word(entries.get('format'), ['csv', 'json'] as const, 'csv');
    if (!entries.has('format')) this.fault(root, 'It needs format: csv or json.');
    const fields = this.fields(entries.get('fields'), root);
    const columns = this.columns(entries.get('columns'), fields);
    const action = entries.get('verdicts');
    if (fields.has('action') !== (action !== undefined)) {
      this.fault(
        action ?? root,
        'The field action and verdicts (what its values mean) go together.',
      );
    }
    for (const key of ['columns', 'separator', 'comment']) {
      const node = entries.get(key);
      if (node !== undefined && format === 'json') this.fault(node, `JSON has no ${key}.`);
    }
    return {
      name: this.text(entries.get('name')) ?? 'mapped',
      format,
      separator: this.separator(entries.get('separator')),
      columns,
      comment: this.text(entries.get('comment')) ?? '',
      syslog: this.flag(entries.get('syslog')),
      fields,
      time: this.time(entries.get('time'), fields, root),
      verdicts: this.verdicts(action),
      always: this.word(entries.get('verdict'), VERDICTS, 'unknown'),
      protocol: this.protocol(entries.get('transport'), fields),
      event: EVENTS.indexOf(this.word(entries.get('event'), EVENTS, 'packet')),
      initiator: INITIATORS.indexOf(this.word(entries.get('initiator'), INITIATORS, 'unknown')),
    };
  }

  private fault({ line, column }: DocumentNode, what: string): void {
    this.faults.push({ line, column, what });
  }

  /** Entries of a map whose keys must be among those known. */
  private map(node: DocumentNode, known: readonly string[]): Entries {
    const found = new Map<string, DocumentNode>();
    if (node.kind !== 'map') {
      this.fault(node, 'Here belong keys and values.');
      return found;
    }
    for (const { key, value, line, column } of node.entries) {
      if (!known.includes(key)) {
        const guess = nearest(key, known);
        const hint =
          guess === undefined ? `They are ${known.join(', ')}.` : `Did you mean ${guess}?`;
        this.faults.push({ line, column, what: `There is no key ${key} here. ${hint}` });
      } else if (found.has(key)) {
        this.faults.push({ line, column, what: `The key ${key} stands here twice.` });
      } else found.set(key, value);
    }
    return found;
  }

  private text(node: DocumentNode | undefined): string | undefined {
    if (node === undefined) return undefined;
    if (node.kind === 'scalar' && node.value !== null && node.value !== '') {
      return String(node.value);
    }
    this.fault(node, 'Here belongs a word.');
    return undefined;
  }

  private flag(node: DocumentNode | undefined): boolean {
    if (node === undefined) return false;
    if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
    this.fault(node, 'Here belongs true or false.');
    return false;
  }

  private word<Word extends string>(
    node: DocumentNode | undefined,
    words: readonly Word[],
    otherwise: Word,
  ): Word {
    const text = this.text(node);
    if (text === undefined) return otherwise;
    if (words.includes(text as Word)) return text as Word;
    this.fault(node!, `It is one of ${words.join(', ')}.`);
    return otherwise;
  }

  private fields(node: DocumentNode | undefined, root: DocumentNode): Map<MappedField, string> {
    const fields = new Map<MappedField, string>();
    if (node === undefined) {
      this.fault(root, 'It needs fields: which column or key holds what.');
      return fields;
    }
    for (const [key, value] of this.map(node, MAPPED_FIELDS)) {
      const name = this.text(value);
      if (name !== undefined) fields.set(key as MappedField, name);
    }
    for (const needed of ['source', 'destination'] as const) {
      if (!fields.has(needed)) this.fault(node, `It does not say which column is the ${needed}.`);
    }
    for (const counted of ['packets', 'bytes'] as const) {
      if (fields.has(counted) && fields.has(`${counted}Sent`)) {
        this.fault(node, `${counted} is of both ways and ${counted}Sent of one: give one of them.`);
      }
    }
    return fields;
  }

  private protocol(
    node: DocumentNode | undefined,
    fields: ReadonlyMap<MappedField, string>,
  ): number {
    const text = this.text(node);
    if (text === undefined) return -1;
    if (fields.has('transport')) this.fault(node!, 'A field says the transport already.');
    const octets = octetsOf(text);
    const scan = new Scan(new AddressPool(0, 1));
    scan.aim(octets, 0, octets.length);
    const protocol = protocolIn(scan, 0, octets.length);
    if (protocol === -2) this.fault(node!, `${text} is no IP protocol: tcp, udp, 47.`);
    return protocol;
  }

  private columns(
    node: DocumentNode | undefined,
    fields: ReadonlyMap<MappedField, string>,
  ): readonly string[] | undefined {
    if (node === undefined) return undefined;
    if (node.kind !== 'list' || node.items.length === 0 || node.items.length > MOST_COLUMNS) {
      this.fault(node, `Here belongs a list of 1 to ${MOST_COLUMNS} names of columns.`);
      return undefined;
    }
    const columns = node.items.map((item) => this.text(item) ?? '');
    for (const name of fields.values()) {
      if (!columns.includes(name)) this.fault(node, `There is no column ${name} in it.`);
    }
    return columns;
  }

  private separator(node: DocumentNode | undefined): number {
    const text = this.text(node) ?? ',';
    const mark = SEPARATORS[text] ?? text;
    if (mark.length === 1 && mark.charCodeAt(0) < 0x80 && mark !== '"') return mark.charCodeAt(0);
    this.fault(node!, 'It is one character, or tab, space or comma.');
    return 0x2c;
  }

  private time(
    node: DocumentNode | undefined,
    fields: ReadonlyMap<MappedField, string>,
    root: DocumentNode,
  ): Mapping['time'] {
    const text = this.text(node);
    if (text === undefined) return 'iso';
    if (!fields.has('time')) this.fault(node ?? root, 'No field is the time.');
    if (!text.includes('%')) return this.word(node, TIMES, 'iso');
    const wrong = patternFault(text);
    if (wrong !== undefined) this.fault(node!, wrong);
    return { pattern: text };
  }

  private verdicts(node: DocumentNode | undefined): Map<string, Action> {
    const verdicts = new Map<string, Action>();
    if (node === undefined) return verdicts;
    for (const [action, list] of this.map(node, VERDICTS)) {
      const items = list.kind === 'list' ? list.items : [list];
      for (const item of items) {
        const value = this.text(item)?.toLowerCase();
        if (value === undefined) continue;
        if (verdicts.has(value)) this.fault(item, `The value ${value} stands here twice.`);
        verdicts.set(value, action as Action);
      }
    }
    return verdicts;
  }
}
