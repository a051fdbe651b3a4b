/** `waxwing evidence export` and `verify`: a signed message as a folder that anybody can check (§7). */
import { type EvidenceInputs, WaxwingError } from '@waxwing/client';
import {
  type EvidenceVerdict,
  EVIDENCE_FILES,
  exportEvidence,
  isProtocolError,
  readBundle,
  TYPE_TEXT,
  textOf,
  toBase64,
  toHex,
  verifyEvidence,
} from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { bodyText } from '../chat/message-view.ts';
import { readEvidenceFolder, writeEvidenceFolder } from '../evidence-folder.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type HomeFlags, withLook } from '../known-home.ts';
import { print, printJson } from '../output.ts';
import { CONTINUATION, sanitiseLine, sanitiseLines } from '../text/sanitise.ts';
import { newestNumber } from './history.ts';

/** Bytes of one commitment. */
const COMMITMENT = 32;

export interface ExportFlags extends HomeFlags {
  readonly out: string;
  readonly last?: boolean;
  readonly json?: boolean;
}

export async function exportMessage(number: number | undefined, flags: ExportFlags): Promise<ExitCode> {
  if ((number === undefined) === (flags.last !== true)) {
    throw new WaxwingError('message-unknown', 'Which message? Give its number, or --last.', 'See waxwing history.');
  }
  return await withLook(flags, async ({ store }) => {
    const chosen = number ?? newestNumber(store);
    const files = await filesOf(store.history.evidenceOf(chosen));
    writeEvidenceFolder(flags.out, files);
    const { fingerprint } = await verifyEvidence(nodePrimitives, files);
    const folder = sanitiseLine(flags.out);
    if (flags.json === true) {
      printJson({ number: chosen, folder: flags.out, fingerprint, files: EVIDENCE_FILES });
    } else {
      print(
        `#${chosen}, signed by ${fingerprint}, is in ${folder}.`,
        `Whoever has the folder can check it: sh ${folder}/verify.sh (needs openssl alone), or waxwing evidence verify ${folder}`,
        'It shows this one message; others of the same flight stay hidden.',
      );
    }
    return EXIT.ok;
  });
}

async function filesOf(inputs: EvidenceInputs): ReturnType<typeof exportEvidence> {
  const { statement, signature, commitments, opening, type, body } = inputs;
  const { accountKey, certificateBytes, certificateSignature } = await readBundle(nodePrimitives, inputs.bundle);
  return await exportEvidence(nodePrimitives, {
    accountKey,
    certificateBytes,
    certificateSignature,
    statement,
    signature,
    commitments: Array.from({ length: commitments.length / COMMITMENT }, (_, at) =>
      commitments.slice(at * COMMITMENT, (at + 1) * COMMITMENT),
    ),
    opening,
    type,
    body,
  });
}

/** Needs no home. The exit code says whether it holds. */
export async function verifyFolder(folder: string, flags: { readonly json?: boolean }): Promise<ExitCode> {
  try {
    const verdict = await verifyEvidence(nodePrimitives, readEvidenceFolder(folder));
    if (flags.json === true) printJson(recordOf(verdict));
    else print(...linesOf(verdict));
    return EXIT.ok;
  } catch (error) {
    if (!isProtocolError(error, 'evidence')) throw error;
    if (flags.json === true) printJson({ holds: false, check: error.check, message: error.message });
    process.stderr.write(
      `This evidence does NOT hold: ${sanitiseLine(error.message, 400)}.\n` +
        'Do not rely on it; ask for the folder again.\n' +
        `[evidence: ${sanitiseLine(error.check, 60)}]\n`,
    );
    return EXIT.notFound;
  }
}

function recordOf(verdict: EvidenceVerdict): object {
  const { type, body, certificate } = verdict;
  const text = type === TYPE_TEXT ? textOf(body) : undefined;
  return {
    holds: true,
    fingerprint: verdict.fingerprint,
    device: toHex(verdict.device),
    certificate: { serial: certificate.serial, notBefore: certificate.notBefore, notAfter: certificate.notAfter },
    type,
    ...(text === undefined ? { body: toBase64(body) } : { text }),
    to: verdict.to,
    conversation: verdict.conversation,
    session: verdict.session,
    seq: verdict.seq,
    prev: verdict.prev,
    sent: verdict.sent,
    ttl: verdict.ttl,
    count: verdict.count,
    position: verdict.position,
    id: toHex(verdict.id),
  };
}

function linesOf(verdict: EvidenceVerdict): string[] {
  const { type, body, certificate } = verdict;
  return [
    'This evidence holds.',
    '',
    'It proves that whoever held the key of the account',
    `  ${verdict.fingerprint}`,
    `certified the device ${toHex(verdict.device)} (serial ${certificate.serial}), and that this device signed`,
    ...sanitiseLines(bodyText(type, body)).map((line) => CONTINUATION + line),
    `  for the recipient  ${verdict.to}`,
    `  in conversation    ${verdict.conversation}`,
    `  as flight          ${verdict.seq}, message ${verdict.position + 1} of ${verdict.count} in it`,
    `  and claimed        ${new Date(verdict.sent).toISOString()} as its time`,
    '',
    'It does not prove',
    '  - who held that key: compare the fingerprint with one you have from somewhere else',
    '  - the true time: it is what the signer’s clock said, or what the signer wanted it to say',
    '  - that nothing was left out: before it, after it, or in the same flight',
  ];
}
