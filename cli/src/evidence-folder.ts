/** An evidence bundle (§7) as a folder of files. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WaxwingError } from '@waxwing/client';
import { EVIDENCE_FILES, type EvidenceFile, MAX_BODY, ProtocolError } from '@waxwing/protocol';

/** No file of a bundle is larger than a body and its media type; a key or a certificate is far smaller. */
const LARGEST = MAX_BODY + 4_096;

/**
 * Writes the files into a folder that is not there yet, or is empty: nothing that lies there can be taken for evidence.
 * @throws WaxwingError `file-exists`, `file-unwritable`
 */
export function writeEvidenceFolder(folder: string, files: Readonly<Record<EvidenceFile, Uint8Array>>): void {
  const existed = existsSync(folder);
  if (existed && !(statSync(folder).isDirectory() && readdirSync(folder).length === 0)) {
    throw new WaxwingError('file-exists', `${folder} exists already and is not empty.`, 'Name a folder that is new.');
  }
  try {
    mkdirSync(folder, { recursive: true });
    for (const name of EVIDENCE_FILES) {
      const path = join(folder, name);
      writeFileSync(path, files[name], { flag: 'wx' });
      chmodSync(path, name === 'verify.sh' ? 0o755 : 0o644); // whatever the umask: it is there to be given away
    }
  } catch (error) {
    // Half a bundle helps nobody.
    for (const name of EVIDENCE_FILES) rmSync(join(folder, name), { force: true });
    if (!existed) rmSync(folder, { recursive: true, force: true });
    throw new WaxwingError('file-unwritable', `${folder} cannot be written.`, 'Choose another place for it.', {
      cause: error,
    });
  }
}

/**
 * The files that are there, none larger than any of its kind can be.
 * @throws WaxwingError `file-missing`; ProtocolError `evidence`, check `files`
 */
export function readEvidenceFolder(folder: string): Partial<Record<EvidenceFile, Uint8Array>> {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new WaxwingError('file-missing', `There is no folder ${folder}.`, 'Check the path.');
  }
  const files: Partial<Record<EvidenceFile, Uint8Array>> = {};
  for (const name of EVIDENCE_FILES) {
    const path = join(folder, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    if (!stat.isFile() || stat.size > LARGEST) {
      throw new ProtocolError('evidence', 'files', `${name} is no file of an evidence bundle`);
    }
    files[name] = new Uint8Array(readFileSync(path));
  }
  return files;
}
