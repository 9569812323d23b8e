/**
 * All protocols that can be told from payloads. An import and an entry per protocol; where two
 * would take the same octets the one named first is asked first.
 */
import type { Detector } from './payload.ts';

export const DETECTORS: readonly Detector[] = [];
