/** `waxwing evidence`. */
import type { Command } from 'commander';
import type { ExportFlags } from '../commands/evidence.ts';
import { examples, jsonOption, profileOption, readNumber, type SetExit } from './option.ts';

export function addEvidence(program: Command, setExit: SetExit): void {
  const evidence = program.command('evidence').description('a signed message as files that anybody can check');
  examples(evidence, 'waxwing evidence export 12 --out deal', 'waxwing evidence verify deal');

  const exported = evidence
    .command('export')
    .description('write the proof that a message, received or sent, was signed: a folder with its own verify.sh')
    .argument('[n]', 'the message: #N, or N alone', readNumber)
    .option('--last', 'the newest message')
    .requiredOption('--out <dir>', 'a new or empty folder')
    .addOption(profileOption())
    .addOption(jsonOption())
    .action(async (number: number | undefined, flags: ExportFlags) => {
      const { exportMessage } = await import('../commands/evidence.ts');
      setExit(await exportMessage(number, flags));
    });
  examples(exported, 'waxwing evidence export 12 --out deal', 'waxwing evidence export --last --out deal');

  const verify = evidence
    .command('verify')
    .description('check such a folder, and say what it proves and what it does not')
    .argument('<dir>', 'the folder')
    .addOption(jsonOption())
    .action(async (folder: string, flags: { readonly json?: boolean }) => {
      const { verifyFolder } = await import('../commands/evidence.ts');
      setExit(await verifyFolder(folder, flags));
    });
  examples(verify, 'waxwing evidence verify deal', 'waxwing evidence verify deal --json');
}
