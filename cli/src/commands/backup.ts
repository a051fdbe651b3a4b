/** `waxwing backup` and `waxwing restore`. */
import { backupHome, exportIdentity, restoreHome } from '@waxwing/client';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { askPassphrase } from '../home.ts';
import { type HomeFlags, locateHome, withHome } from '../known-home.ts';
import { print, printJson } from '../output.ts';
import { newPassphrase, oldPassphrase, withProgress } from '../question.ts';
import { formatMoment } from '../text/duration.ts';
import { sanitiseLine } from '../text/sanitise.ts';

export interface BackupFlags extends HomeFlags {
  readonly json?: boolean;
}

export async function backUp(file: string, flags: BackupFlags): Promise<ExitCode> {
  return await withHome(flags, async (home) => {
    const passphrase = await newPassphrase('for this backup');
    const result = await withProgress('Writing the backup', () => backupHome({ home, path: file, passphrase }));
    const { fingerprint } = exportIdentity(home);
    if (flags.json === true) {
      printJson({ ...result, fingerprint });
    } else {
      print(
        `${sanitiseLine(result.path)}: ${fingerprint}, ${counts(result)}, ${result.size.toLocaleString('en-US')} bytes.`,
        'It is under the passphrase you gave. Keep both, apart from each other; waxwing restore FILE reads it.',
      );
    }
    return EXIT.ok;
  });
}

export async function restore(file: string, flags: BackupFlags): Promise<ExitCode> {
  const target = { ...locateHome(flags), env: process.env, passphrase: askPassphrase };
  const passphrase = await oldPassphrase('of the backup');
  const { home, ...result } = await withProgress('Restoring', () =>
    restoreHome({ path: file, passphrase, home: target }),
  );
  try {
    const { fingerprint } = exportIdentity(home);
    if (flags.json === true) {
      const { path, profileLabel, protection } = home;
      printJson({ ...result, fingerprint, path, profile: profileLabel ?? null, databaseKey: protection });
    } else {
      print(
        `Restored ${fingerprint} with ${counts(result)}, as of ${formatMoment(result.madeAt)}, into ${sanitiseLine(home.path)}.`,
        `A new device was made: ${result.newDevice} (in the backup: ${result.oldDevice}). A copy must not go on where`,
        'another may have gone on already, so its sequences begin anew. What follows:',
        '  - Your peers see the same key as before; nobody has to accept or compare anything.',
        '  - What was not acknowledged when the backup was made goes out again; your peers show it once.',
        '  - What came or went after the backup is not in this history.',
        ...(home.protection === 'passphrase'
          ? []
          : ['  - The database key is in a 0600 file; waxwing id protect puts it under a passphrase.']),
      );
    }
    return EXIT.ok;
  } finally {
    home.close();
  }
}

function counts({ messages, peers }: { readonly messages: number; readonly peers: number }): string {
  return `${messages} ${messages === 1 ? 'message' : 'messages'} and ${peers} ${peers === 1 ? 'peer' : 'peers'}`;
}
