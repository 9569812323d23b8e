/** Faults, skipped inputs and stated drops of capture files, as blind spots of an answer. */
import type { BlindSpot } from '../../model/blind-spot.ts';
import type { CaptureReader } from './capture-reader.ts';
import type { CaptureFault } from './fault.ts';

/** Faults listed one by one; the rest is counted. */
const MOST_FAULTS = 10;

/** What reading itself could not see, the faults first. Call after the last batch. */
export function captureNotes(reader: CaptureReader): BlindSpot[] {
  const { faults } = reader;
  const listed = faults.slice(0, MOST_FAULTS).map(faultNote);
  const unlisted = faults.length - listed.length + reader.faultsUnlisted;
  return [
    ...listed,
    ...(unlisted === 0 ? [] : [unlistedNote(unlisted)]),
    ...reader.skipped.slice(0, MOST_FAULTS).map(({ source, why }) => ({
      id: 'input-skipped',
      what: source,
      because: why,
      missing: false,
    })),
    ...dropNotes(reader),
  ];
}

/** Where a fault lies: `lan.pcap, record 12, offset 4,711`. */
function faultNote(fault: CaptureFault): BlindSpot {
  const item = fault.layer === 'pcapng' ? 'block' : 'record';
  const where = [
    ...(fault.record > 0 ? [`${item} ${fault.record}`] : []),
    ...(fault.layer === 'input' && fault.offset === 0 ? [] : [`offset ${fault.offset}`]),
    ...(fault.layer === 'gzip' || fault.layer === 'zstd' ? [`of the ${fault.layer} file`] : []),
  ].join(', ');
  const lengths =
    fault.required === undefined || fault.available === undefined
      ? ''
      : ` (needs ${fault.required} octets, ${fault.available} are there)`;
  const after = fault.ends ? 'everything before it was read' : 'reading went on behind it';
  return {
    id: fault.code,
    what: `${fault.source}${where === '' ? '' : ` (${where})`}: ${fault.what}`,
    because: `${fault.why}${lengths}${fault.frames > 0 || !fault.ends ? `; ${after}` : ''}`,
    remedy: fault.do,
    missing: true,
  };
}

function unlistedNote(unlisted: number): BlindSpot {
  return {
    id: 'more-faults',
    what: `${unlisted} more damaged places`,
    because: 'only the first are listed',
    missing: true,
  };
}

function dropNotes(reader: CaptureReader): BlindSpot[] {
  return reader.drops.flatMap((drops) => {
    const lost =
      (drops.dropped ?? 0) + (drops.droppedBySystem ?? 0) || (drops.lostBetweenFrames ?? 0);
    if (lost === 0) return [];
    const entry = reader.interfaces[drops.interface];
    const name = entry?.name === undefined ? '' : ` on ${entry.name}`;
    return [
      {
        id: 'drops',
        what: `${lost} packets${name} that the capture program dropped`,
        because: `${entry?.source ?? 'the file'} says so: it could not keep up`,
        remedy: 'capture with a larger buffer (tcpdump -B), a filter, or a shorter snap length',
        missing: true,
      },
    ];
  });
}
