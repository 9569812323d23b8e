/** Scans saved by any scanner, as commands take them. */
import { type EarlierScan, readEarlierScan } from '../pipeline/scan.ts';
import { INPUT } from './exit-codes.ts';
import { Failure } from './failure.ts';

/** Throws a `Failure` where the file cannot be read or is no scan. */
export async function earlierScan(file: string): Promise<EarlierScan> {
  try {
    return await readEarlierScan(file);
  } catch (error) {
    const { name, message } = error as Error;
    if (name !== 'UnknownScanError' && name !== 'UnreadableFile') throw error;
    throw new Failure(INPUT, {
      what: `cannot read a scan from ${file}`,
      why: message,
      ways: ['name the XML of Nmap, or what portreeve scan, masscan, naabu or RustScan wrote'],
    });
  }
}
