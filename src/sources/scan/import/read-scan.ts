/** Reads an earlier scan, whoever wrote it: the format is told by what is in it, not by its name. */
import { readGreppable } from './greppable.ts';
import { readMasscanJson, readMasscanList } from './masscan.ts';
import { readNaabuCsv, readNaabuJson, readPlainPorts } from './naabu.ts';
import { readNmapXml } from './nmap-xml.ts';
import { readOwnJson } from './own-json.ts';
import { type ImportedScan, RecordBuilder } from './record-builder.ts';
import { readRustScan, withoutColours } from './rustscan.ts';

/** The text is the output of no scanner that is known here. */
export class UnknownScanError extends Error {
  override readonly name = 'UnknownScanError';
}

/** So much of the beginning decides. */
const LOOKED_AT = 20_000;

/** Throws `UnknownScanError`. An empty file is a scan that found nothing. */
export function readScan(text: string): ImportedScan {
  const plain = text.replace(/^\ufeff/, '');
  const start = plain.slice(0, LOOKED_AT);
  if (start.trim() === '') return new RecordBuilder().build('empty');
  refuseOthers(start);
  if (/^\s*<(\?xml|!DOCTYPE|!--|nmaprun)/.test(start)) return readNmapXml(plain);
  if (/"schema":\s*"portreeve\/scan\//.test(plain)) return readOwnJson(plain);
  if (/^\s*(\[\s*([{\]]|$)|\{)/.test(start)) return readJson(start, plain);
  if (/^(Timestamp: \d+\t)?Host: \S+ \(/m.test(start)) return readGreppable(plain);
  if (/^(open|closed|banner)\s+(tcp|udp|sctp)\s+\d+\s/m.test(start) || /^#masscan/.test(start)) {
    return readMasscanList(plain);
  }
  if (/^# (Nmap|Masscan) /.test(start)) return readGreppable(plain);
  if (/^host,ip,port|^ip,port|^host,port/i.test(start)) return readNaabuCsv(plain);
  if (/Open \[?[0-9a-f.:]+\]?:\d+|-> \[[\d,\s]*\]|RustScan/i.test(withoutColours(start)))
    return readRustScan(plain);
  if (/^\[?[0-9a-f.:]+\]?:\d{1,5}/im.test(start)) return readPlainPorts(plain);
  throw new UnknownScanError('no scan of Nmap, masscan, naabu, RustScan or Portreeve');
}

/** What its own program can turn into something that others read. */
function refuseOthers(start: string): void {
  if (/^(Starting Nmap |Nmap scan report for )/m.test(start)) {
    throw new UnknownScanError('Nmap wrote it for people (-oN); its XML (-oX) holds more');
  }
  if (/^masscan\/\d/.test(start)) {
    throw new UnknownScanError(
      "it is masscan's binary form; masscan --readscan FILE -oX turns it into XML",
    );
  }
}

function readJson(start: string, text: string): ImportedScan {
  if (/"kind":\s*"(port|host|found)"/.test(start)) return readOwnJson(text);
  const isMasscan = /"?ports"?\s*:|"rec_type"|"proto"|finished/.test(start);
  if (isMasscan || /^\s*\[\s*\]?\s*$/.test(start)) return readMasscanJson(text);
  if (/"port"/i.test(start)) return readNaabuJson(text);
  throw new UnknownScanError('no scan of Nmap, masscan, naabu, RustScan or Portreeve');
}
