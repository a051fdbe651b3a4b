/** The runner of every file in spec/vectors, by the file's name; the page and its test share the list. */
import type { Primitives } from '../../../protocol/src/primitives.ts';
import { type BundleFile, runBundles } from '../../../protocol/test/vectors/bundles.ts';
import { type CborFile, runCbor } from '../../../protocol/test/vectors/cbor.ts';
import { type ClassicFile, runClassic } from '../../../protocol/test/vectors/classic.ts';
import { type EnvelopesFile, runEnvelopes } from '../../../protocol/test/vectors/envelopes.ts';
import { type EtmFile, runEtm } from '../../../protocol/test/vectors/etm.ts';
import { type EvidenceVectorFile, runEvidence } from '../../../protocol/test/vectors/evidence.ts';
import { type ExpandFile, runExpand } from '../../../protocol/test/vectors/expand.ts';
import {
  type FingerprintFile,
  runFingerprints,
} from '../../../protocol/test/vectors/fingerprints-and-safety-numbers.ts';
import { type HandshakeFile, runHandshake } from '../../../protocol/test/vectors/handshake.ts';
import { type OuterFile, runOuter } from '../../../protocol/test/vectors/outer.ts';
import { type PaddingFile, runPadding } from '../../../protocol/test/vectors/padding.ts';
import { type PrekeysFile, runPrekeys } from '../../../protocol/test/vectors/prekeys.ts';
import { type ProfileFile, runProfile } from '../../../protocol/test/vectors/profile.ts';
import { type RatchetFile, runRatchet } from '../../../protocol/test/vectors/ratchet.ts';
import { type ReceiptsFile, runReceipts } from '../../../protocol/test/vectors/receipts-and-quotes.ts';
import { type RecordsFile, runRecords } from '../../../protocol/test/vectors/records.ts';
import { type RelayMessagesFile, runRelayMessages } from '../../../protocol/test/vectors/relay-messages.ts';
import { type RoomsFile, runRooms } from '../../../protocol/test/vectors/rooms.ts';
import { runStart, type StartFile } from '../../../protocol/test/vectors/start.ts';
import { runStatements, type StatementFile } from '../../../protocol/test/vectors/statements.ts';
import type { VectorResult } from '../../../protocol/test/vectors/vector-file.ts';

type Runner = (file: unknown, p: Primitives) => Promise<VectorResult>;

export const RUNNERS: Readonly<Record<string, Runner>> = {
  bundles: (file, p) => runBundles(file as BundleFile, p),
  cbor: (file) => runCbor(file as CborFile),
  classic: (file, p) => runClassic(file as ClassicFile, p),
  envelopes: (file, p) => runEnvelopes(file as EnvelopesFile, p),
  etm: (file, p) => runEtm(file as EtmFile, p),
  evidence: (file, p) => runEvidence(file as EvidenceVectorFile, p),
  expand: (file, p) => runExpand(file as ExpandFile, p),
  'fingerprints-and-safety-numbers': (file, p) => runFingerprints(file as FingerprintFile, p),
  handshake: (file, p) => runHandshake(file as HandshakeFile, p),
  outer: (file, p) => runOuter(file as OuterFile, p),
  padding: (file, p) => runPadding(file as PaddingFile, p),
  prekeys: (file, p) => runPrekeys(file as PrekeysFile, p),
  profile: (file, p) => runProfile(file as ProfileFile, p),
  ratchet: (file, p) => runRatchet(file as RatchetFile, p),
  'receipts-and-quotes': (file, p) => runReceipts(file as ReceiptsFile, p),
  records: (file, p) => runRecords(file as RecordsFile, p),
  'relay-messages': (file, p) => runRelayMessages(file as RelayMessagesFile, p),
  rooms: (file, p) => runRooms(file as RoomsFile, p),
  start: (file, p) => runStart(file as StartFile, p),
  statements: (file, p) => runStatements(file as StatementFile, p),
};
