/** What an export of flows left out, as blind spots of an answer. */
import type { BlindSpot } from '../../model/blind-spot.ts';
import type { ExportDomain } from './export-domains.ts';
import type { FlowExports } from './flow-exports.ts';
import type { FlowListener } from './flow-listener.ts';

/** Exporters listed one by one; the rest is counted. */
const MOST_LISTED = 10;

/**
 * @param listener where datagrams came by the network: it tells what was dropped on this machine
 */
export function exportNotes(exports: FlowExports, listener?: FlowListener): BlindSpot[] {
  const { list, refused } = exports.domains;
  const notes = [
    ...(listener === undefined ? [] : listenerNotes(listener)),
    ...listed(list, ({ lost }) => lost, lostNote),
    ...listed(list, ({ withoutTemplate }) => withoutTemplate, templateNote),
    ...listed(list, ({ sampledRecords }) => sampledRecords, sampledNote),
    ...listed(list, ({ sampleDrops }) => sampleDrops, dropsNote),
  ];
  if (exports.withoutPacket > 0) {
    notes.push({
      id: 'samples-without-ip',
      what: plural(exports.withoutPacket, 'sampled frame'),
      because: 'no IP packet can be found in what was sampled of them',
      missing: false,
    });
  }
  if (refused > 0) {
    notes.push({
      id: 'exporters-full',
      what: `${plural(refused, 'datagram')} of further exporters`,
      because: 'more than 4,096 observation domains export',
      missing: true,
    });
  }
  return notes;
}

/** The exporters with the most of something, and in one note how much the others have. */
function listed(
  domains: readonly ExportDomain[],
  amount: (domain: ExportDomain) => number,
  note: (domain: ExportDomain) => BlindSpot,
): BlindSpot[] {
  const some = domains.filter((domain) => amount(domain) > 0);
  some.sort((left, right) => amount(right) - amount(left));
  const notes = some.slice(0, MOST_LISTED).map(note);
  const [first] = notes;
  const others = some.length - notes.length;
  if (first !== undefined && others > 0) {
    const { what: _, ...rest } = first;
    notes.push({ ...rest, what: `the same of ${others} more exporters` });
  }
  return notes;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `192.0.2.1 (IPFIX, domain 7)`. */
function nameOf({ exporter, protocol, id }: ExportDomain): string {
  return `${exporter === '' ? 'the exporter' : exporter} (${protocol}, domain ${id})`;
}

function lostNote(domain: ExportDomain): BlindSpot {
  const { lost, countsRecords } = domain;
  return {
    id: 'export-lost',
    what: `${plural(lost, countsRecords ? 'flow record' : 'datagram')} of ${nameOf(domain)}`,
    because: 'its sequence numbers skip them: they were sent and never arrived',
    remedy:
      'UDP loses them on the way or where they are received: listen nearer, with a larger buffer',
    missing: true,
  };
}

function templateNote(domain: ExportDomain): BlindSpot {
  return {
    id: 'template-missing',
    what: `${plural(domain.withoutTemplate, 'set')} of records of ${nameOf(domain)}`,
    because: 'the template that says what is in them did not come',
    remedy:
      'exporters repeat templates every few minutes: look at a longer time, or at earlier files too',
    missing: true,
  };
}

function sampledNote(domain: ExportDomain): BlindSpot {
  const { leastRate, greatestRate } = domain;
  const rate = leastRate === greatestRate ? `${greatestRate}` : `${leastRate} to ${greatestRate}`;
  return {
    id: 'sampled-flows',
    what: `flows of which ${nameOf(domain)} looked at no packet; packets and bytes of the others are estimates`,
    because: `it samples 1 of ${rate} packets; figures are multiplied by that`,
    missing: true,
  };
}

function dropsNote(domain: ExportDomain): BlindSpot {
  return {
    id: 'sample-drops',
    what: `${plural(domain.sampleDrops, 'packet')} that ${nameOf(domain)} was to sample`,
    because: 'it says that it had not the means: estimates are too low',
    remedy: 'sample fewer packets',
    missing: true,
  };
}

function listenerNotes(listener: FlowListener): BlindSpot[] {
  const dropped = listener.dropped();
  if (dropped === undefined) {
    return [
      {
        id: 'drops-unknown',
        what: 'whether datagrams were dropped on this machine before they were read',
        because: 'the system does not tell; gaps in sequence numbers still show',
        missing: false,
      },
    ];
  }
  if (dropped === 0) return [];
  const { bufferOctets = 0 } = listener;
  return [
    {
      id: 'datagrams-dropped',
      what: `${plural(dropped, 'datagram')} that reached this machine`,
      because: `they came faster than they were read: the buffer of ${Math.round(bufferOctets / 1024)} KiB was full`,
      remedy: 'sudo gives the listener a larger one, or sysctl net.core.rmem_max=33554432',
      missing: true,
    },
  ];
}
