/** `@waxwing/protocol/classic`: the original program's own wire format (§13), insecure by design and never negotiated. */
export { CLASSIC_MAX_PACKAGE, CLASSIC_WRITE_SPACING } from '../limits.ts';
export { SecretKey } from '../primitives.ts';
export { CLASSIC_CHECKS, type ClassicCheck, type ClassicCheckName, ClassicRefusal } from './checks.ts';
export { type ClassicEvent, ClassicStream, type ClassicStreamOptions } from './classic-stream.ts';
export { type ClassicMessage, type ClassicOpening, decryptMessage } from './open.ts';
export { type ClassicPackage, decodePackage, encodePackage } from './package.ts';
export { decodePem, encodePem } from './pem.ts';
export { type ClassicSealing, encryptMessage } from './seal.ts';
